// The data of the page, as cascade/reports/data.py defines it; only what the script reads.

export interface Place {
  source: number;
  line: number;
}

export interface Change {
  name: string;
  before: string;
  after: string;
  is_derived: boolean;
  is_relevant: boolean;
}

export interface Step {
  number: number | null;
  time_ms: number;
  command_class: string;
  component: string;
  command: string;
  text: string;
  because: string;
  waited_ms: number;
  causes: number[];
  passed_on: string[];
  changes: Change[];
  place: Place | null;
}

export interface Lane {
  name: string;
  is_outage: boolean;
  statuses: number[];
  texts: string[];
}

export interface Run {
  title: string;
  shown_by: string[];
  ending: string;
  is_timed: boolean;
  end_ms: number;
  loop_start: number | null;
  steps: Step[];
  lanes: Lane[];
}

export interface Unit {
  name: string;
  nodes: string[];
}

export interface Report {
  name: string;
  runs: Run[];
  graph: { units: Unit[] };
}

export const DOWN = 3;

export function readReport(): Report {
  return JSON.parse(document.getElementById("report-data")!.textContent!) as Report;
}

/** Time since the start, as the tables of the page write it. */
export function clock(milliseconds: number): string {
  const seconds = Math.floor(milliseconds / 1000);
  const days = Math.floor(seconds / 86400);
  const two = (n: number) => String(n).padStart(2, "0");
  const text = `${two(Math.floor(seconds / 3600) % 24)}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
  return days ? `${days}d ${text}` : text;
}

/** The first state in which there is an outage, or else the last. */
export function startState(run: Run): number {
  for (let state = 0; state <= run.steps.length; state++) {
    if (run.lanes.some((lane) => lane.is_outage && lane.statuses[state] === DOWN)) return state;
  }
  return run.steps.length;
}

/** Events (from 1) without which event `event` would not have come, itself included. */
export function ancestry(run: Run, event: number): Set<number> {
  const eventOf = new Map(run.steps.map((step, i) => [step.number, i + 1] as const));
  const found = new Set<number>();
  const pending = [event];
  while (pending.length) {
    const next = pending.pop()!;
    if (found.has(next)) continue;
    found.add(next);
    for (const cause of run.steps[next - 1]?.causes ?? []) pending.push(eventOf.get(cause)!);
  }
  return found;
}

/** A reason counts the steps that matter; the page counts all events. */
export function because(run: Run, step: Step): string {
  const match = /^(.*) in step (\d+)$/.exec(step.because);
  if (!match) return step.because;
  const event = run.steps.findIndex((other) => other.number === Number(match[2])) + 1;
  return `${match[1]} in event ${event}`;
}
