// The controls of the cascade player, and what happens at the event that is shown.

import { useEffect, useState } from "preact/hooks";
import { because, clock, type Report, type Run, type Step } from "./report";

export interface Position {
  run: number;
  state: number;
}

interface Props {
  report: Report;
  position: Position;
  onMove: (position: Position) => void;
}

function when(run: Run, state: number): string {
  const event = state === 0 ? "start" : `event ${state} of ${run.steps.length}`;
  const time = state === 0 ? 0 : run.steps[state - 1]!.time_ms;
  return run.is_timed ? `${clock(time)} \u00b7 ${event}` : event;
}

export function Controls({ report, position, onMove, onOutage }: Props & { onOutage: () => void }) {
  const run = report.runs[position.run]!;
  const last = run.steps.length;
  const [isPlaying, setPlaying] = useState(false);
  const go = (state: number) => onMove({ run: position.run, state: Math.min(last, Math.max(0, state)) });

  useEffect(() => {
    if (!isPlaying) return;
    if (position.state >= last) {
      setPlaying(false);
      return;
    }
    const timer = setTimeout(() => go(position.state + 1), 1100);
    return () => clearTimeout(timer);
  });
  useEffect(() => {
    const toggle = () => setPlaying((was) => !was);
    document.addEventListener("cascade-play", toggle);
    return () => document.removeEventListener("cascade-play", toggle);
  }, []);

  return (
    <div class="controls" role="toolbar" aria-label="Cascade player">
      {report.runs.length > 1 && (
        <select
          aria-label="Run"
          value={String(position.run)}
          onChange={(e) => onMove({ run: Number(e.currentTarget.value), state: -1 })}
        >
          {report.runs.map((other, i) => (
            <option key={i} value={String(i)}>
              {`Run ${i + 1}: ${other.shown_by.join(", ") || other.title}`}
            </option>
          ))}
        </select>
      )}
      <button type="button" aria-label="First state" disabled={position.state === 0} onClick={() => go(0)}>
        {"|\u25c0"}
      </button>
      <button type="button" aria-label="Previous event" disabled={position.state === 0} onClick={() => go(position.state - 1)}>
        {"\u25c0"}
      </button>
      <button type="button" aria-label={isPlaying ? "Pause" : "Play"} onClick={() => {
        if (!isPlaying && position.state >= last) go(0);
        setPlaying(!isPlaying);
      }}>
        {isPlaying ? "pause" : "play"}
      </button>
      <button type="button" aria-label="Next event" disabled={position.state === last} onClick={() => go(position.state + 1)}>
        {"\u25b6"}
      </button>
      {run.lanes.some((lane) => lane.is_outage) && <button type="button" onClick={onOutage}>outage</button>}
      <input
        type="range"
        min={0}
        max={last}
        step={1}
        value={position.state}
        aria-label="Event"
        aria-valuetext={when(run, position.state)}
        onInput={(e) => go(Number(e.currentTarget.value))}
      />
      <output>{when(run, position.state)}</output>
    </div>
  );
}

function Event({ run, event, onJump }: { run: Run; event: number; onJump: (event: number) => void }) {
  const step = run.steps[event - 1]!;
  const [isAll, setAll] = useState(false);
  useEffect(() => {
    const toggle = () => setAll((was) => !was);
    document.addEventListener("cascade-all", toggle);
    return () => document.removeEventListener("cascade-all", toggle);
  }, []);
  const relevant = step.changes.filter((change) => change.is_relevant);
  const isSome = relevant.length > 0 && relevant.length < step.changes.length;
  const changes = isAll || !isSome ? step.changes : relevant;
  const reason = because(run, step);
  const causes = step.causes.map((n) => run.steps.findIndex((other) => other.number === n) + 1);
  return (
    <div>
      <h3>
        <span class={`class ${step.command_class}`}>{step.command_class}</span>{" "}
        {step.place ? <a href={`#L${step.place.source}-${step.place.line}`}>{step.command}</a> : step.command}
      </h3>
      {step.text && <p>{step.text}</p>}
      {reason && <p><em>because {reason}</em></p>}
      {causes.length > 0 && (
        <p>
          made possible by{" "}
          {causes.map((cause, i) => (
            <span key={cause}>
              {i > 0 && ", "}
              <button type="button" class="jump" onClick={() => onJump(cause)}>event {cause}</button>
              {step.passed_on[i] && ` (${step.passed_on[i]})`}
            </span>
          ))}
        </p>
      )}
      <ul class="changes">
        {changes.map((change) => (
          <li key={change.name} class={change.is_relevant ? "" : "aside"}>
            <code>{change.name}</code> {change.before} {"\u2192"} <strong>{change.after}</strong>
          </li>
        ))}
      </ul>
      {isSome && (
        <button type="button" aria-pressed={isAll} onClick={() => setAll(!isAll)}>
          {isAll ? "only what matters" : `all ${step.changes.length} changes`}
        </button>
      )}
    </div>
  );
}

function line(run: Run, step: Step): string {
  return run.is_timed ? `${clock(step.time_ms)} ${step.command}` : step.command;
}

export function StepPanel({ report, position, onMove }: Props) {
  const run = report.runs[position.run]!;
  const jump = (event: number) => onMove({ run: position.run, state: event });
  const path = run.steps.map((step, i) => ({ step, event: i + 1 })).filter(({ step }) => step.number !== null);
  return (
    <div class="step-card">
      {position.state === 0 ? (
        <div><h3>The start</h3><p>Nothing has happened yet. Press {"\u2192"} for the first event.</p></div>
      ) : (
        <Event run={run} event={position.state} onJump={jump} key={position.state} />
      )}
      {path.length > 0 && (
        <div>
          <h4>What it rests on</h4>
          <ol class="path-steps">
            {path.map(({ step, event }) => (
              <li key={event} class={event === position.state ? "now" : ""}>
                <button type="button" aria-current={event === position.state ? "step" : undefined} onClick={() => jump(event)}>
                  {line(run, step)}
                </button>
              </li>
            ))}
            <li class="end">{run.is_timed ? `${clock(run.end_ms)} ` : ""}{run.ending}</li>
          </ol>
        </div>
      )}
    </div>
  );
}
