// Light or dark, and help on the keys.

import { useRef, useState } from "preact/hooks";

const KEYS: [string, string][] = [
  ["\u2190 \u2192", "previous, next event"],
  ["Home End", "start, end of the run"],
  ["v", "where the outage begins"],
  ["space", "play, pause"],
  ["[ ]", "previous, next run"],
  ["d", "all changes, or only what matters"],
  ["/", "filter the checks"],
  ["?", "this help"],
];

function isDark(): boolean {
  const chosen = document.documentElement.dataset.theme;
  return chosen ? chosen === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
}

export function Tools({ hasPlayer }: { hasPlayer: boolean }) {
  const [dark, setDark] = useState(isDark());
  const dialog = useRef<HTMLDialogElement>(null);
  const toggle = () => {
    document.documentElement.dataset.theme = dark ? "light" : "dark";
    setDark(!dark);
  };
  return (
    <>
      <button type="button" aria-pressed={dark} onClick={toggle}>{dark ? "light" : "dark"}</button>
      <button type="button" onClick={() => print()}>print</button>
      {hasPlayer && <button type="button" id="help" onClick={() => dialog.current!.showModal()}>keys</button>}
      {hasPlayer && (
        <dialog ref={dialog} aria-label="Keys">
          <table role="presentation">
            {KEYS.map(([key, text]) => (
              <tr key={key}><td><kbd>{key}</kbd></td><td>{text}</td></tr>
            ))}
          </table>
          <button type="button" onClick={() => dialog.current!.close()}>close</button>
        </dialog>
      )}
    </>
  );
}
