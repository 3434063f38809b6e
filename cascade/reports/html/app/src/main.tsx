// What the script adds to a page that can be read without it: the player, filters, keys.

import { render } from "preact";
import { useEffect, useLayoutEffect, useState } from "preact/hooks";
import { Filter } from "./filters";
import { Painter } from "./paint";
import { Controls, StepPanel, type Position } from "./player";
import { readReport, startState, type Report } from "./report";
import { Tools } from "./tools";

const RUN = /^#run-(\d+)(?:\.(\d+))?$/;
const LINE = /^#L\d+-\d+$/;

function fromHash(report: Report): Position | null {
  const match = RUN.exec(location.hash);
  if (!match) return null;
  const run = Number(match[1]) - 1;
  const found = report.runs[run];
  if (!found) return null;
  const state = match[2] === undefined ? startState(found) : Math.min(Number(match[2]), found.steps.length);
  return { run, state };
}

function toHash(position: Position): void {
  try {
    history.replaceState(null, "", `#run-${position.run + 1}.${position.state}`);
  } catch {
    // Where the address cannot be changed, it stays.
  }
}

/** Lines may stand in a file that is folded away. */
function openTarget(): void {
  if (!LINE.test(location.hash)) return;
  const target = document.getElementById(location.hash.slice(1));
  const details = target?.closest("details");
  if (target && details) {
    details.open = true;
    target.scrollIntoView({ block: "center" });
  }
}

function isPlayerSeen(): boolean {
  const box = document.getElementById("cascade")!.getBoundingClientRect();
  return box.top < innerHeight && box.bottom > 0;
}

function Player({ report, painter, first }: { report: Report; painter: Painter; first: number }) {
  const [position, setPosition] = useState<Position>(
    () => fromHash(report) ?? { run: first, state: startState(report.runs[first]!) },
  );
  const move = (next: Position) => {
    const run = report.runs[next.run]!;
    const state = next.state < 0 ? startState(run) : Math.min(next.state, run.steps.length);
    setPosition({ run: next.run, state });
    toHash({ run: next.run, state });
  };

  useLayoutEffect(() => painter.paint(position.run, position.state), [position.run, position.state]);
  useEffect(() => {
    if (fromHash(report)) document.getElementById("cascade")!.scrollIntoView();
    const onHash = () => {
      const found = fromHash(report);
      if (!found) return;
      setPosition(found);
      document.getElementById("cascade")!.scrollIntoView();
    };
    addEventListener("hashchange", onHash);
    return () => removeEventListener("hashchange", onHash);
  }, []);
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      const target = event.target as HTMLElement;
      if (event.ctrlKey || event.metaKey || event.altKey || event.shiftKey && event.key !== "?") return;
      if (target.closest("input, select, textarea, dialog[open]")) return;
      const { run, state } = position;
      const last = report.runs[run]!.steps.length;
      const count = report.runs.length;
      const moves: Record<string, () => void> = {
        ArrowLeft: () => move({ run, state: Math.max(0, state - 1) }),
        ArrowRight: () => move({ run, state: Math.min(last, state + 1) }),
        Home: () => move({ run, state: 0 }),
        End: () => move({ run, state: last }),
        v: () => move({ run, state: -1 }),
        "[": () => move({ run: (run + count - 1) % count, state: -1 }),
        "]": () => move({ run: (run + 1) % count, state: -1 }),
        d: () => document.dispatchEvent(new CustomEvent("cascade-all")),
      };
      if (!target.closest("button, a, summary")) {
        moves[" "] = () => document.dispatchEvent(new CustomEvent("cascade-play"));
      }
      const action = moves[event.key];
      if (action && isPlayerSeen()) {
        event.preventDefault();
        action();
      } else if (event.key === "?") {
        document.getElementById("help")?.click();
      }
    };
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  });
  useEffect(() => {
    const onClick = (event: MouseEvent) => {
      const target = event.target as Element;
      const found = target.closest<HTMLElement>(".event[data-event], .why[data-event], tr[data-event]");
      if (found && !target.closest("a")) move({ run: position.run, state: Number(found.dataset.event) });
    };
    const section = document.getElementById("cascade")!;
    section.addEventListener("click", onClick);
    return () => section.removeEventListener("click", onClick);
  });

  return (
    <>
      <Controls report={report} position={position} onMove={move} onOutage={() => move({ run: position.run, state: -1 })} />
      <PanelPortal report={report} position={position} onMove={move} />
    </>
  );
}

/** The panel stands beside the lanes, not below the controls. */
function PanelPortal(props: { report: Report; position: Position; onMove: (position: Position) => void }) {
  useLayoutEffect(() => render(<StepPanel {...props} />, document.getElementById("step-panel")!));
  return null;
}

function start(): void {
  const report = readReport();
  const player = document.getElementById("player");
  const hasPlayer = player !== null && report.runs.length > 0;
  document.documentElement.classList.add("with-script");
  render(<Tools hasPlayer={hasPlayer} />, document.getElementById("tools")!);
  if (hasPlayer) render(<Player report={report} painter={new Painter(report)} first={Number(player.dataset.run)} />, player);
  for (const slot of document.querySelectorAll<HTMLElement>(".filter-slot")) {
    render(<Filter section={slot.dataset.for!} hasExpected={slot.dataset.for === "checks"} />, slot);
  }
  addEventListener("hashchange", openTarget);
  addEventListener("keydown", (event) => {
    if (event.key !== "/" || (event.target as HTMLElement).closest("input, select, textarea")) return;
    const input = ["#checks", "#findings"].map((id) => document.querySelector<HTMLElement>(`${id} input[type=search]`)).find(Boolean);
    if (input) {
      event.preventDefault();
      input.focus();
    }
  });
  openTarget();
}

start();
