// Narrows findings and checks to what a person looks for.

import { useEffect, useState } from "preact/hooks";

interface Props {
  section: string;
  hasExpected: boolean;
}

export function Filter({ section, hasExpected }: Props) {
  const [text, setText] = useState("");
  const [isOnlyUnexpected, setOnlyUnexpected] = useState(false);
  const [counts, setCounts] = useState<[number, number]>([0, 0]);
  useEffect(() => {
    const words = text.toLowerCase().split(/\s+/).filter(Boolean);
    const items = [...document.querySelectorAll<HTMLElement>(`#${section} .filterable`)];
    let shown = 0;
    for (const item of items) {
      const content = item.textContent!.toLowerCase();
      const isKept =
        words.every((word) => content.includes(word)) &&
        (!isOnlyUnexpected || !item.classList.contains("as-expected"));
      item.hidden = !isKept;
      shown += Number(isKept);
    }
    setCounts([shown, items.length]);
  }, [text, isOnlyUnexpected, section]);
  return (
    <div class="filters" role="search" aria-label={`Filter ${section}`}>
      <input
        type="search"
        placeholder={`filter ${section}`}
        aria-label={`Filter ${section}`}
        value={text}
        onInput={(e) => setText(e.currentTarget.value)}
      />
      {hasExpected && (
        <label>
          <input type="checkbox" checked={isOnlyUnexpected} onChange={(e) => setOnlyUnexpected(e.currentTarget.checked)} />{" "}
          only what is not as expected
        </label>
      )}
      <output>{counts[0]} of {counts[1]} shown</output>
    </div>
  );
}
