// Shows one state of one run in the drawings that stand in the page.

import { ancestry, DOWN, type Report, type Run } from "./report";

const SVG = "http://www.w3.org/2000/svg";
const ICONS = ["", "~", "!", "\u00d7"];
const STATUS_TEXTS = ["as at the start", "changed", "struck by a fault", "not serving"];
const CHARACTER = 6.6;
const LABELS = 168;

function setStatus(element: Element, letter: string, status: number): void {
  for (let s = 0; s <= DOWN; s++) element.classList.toggle(letter + s, s === status);
}

function fit(text: string, width: number): string {
  const room = Math.floor(width / CHARACTER);
  return text.length <= room ? text : text.slice(0, Math.max(0, room - 1)).trimEnd() + "\u2026";
}

/** Scrolls sideways if what is at `x` would not be seen; `margin` is what covers the left edge. */
function follow(scroll: HTMLElement, x: number, margin: number): void {
  if (x < scroll.scrollLeft + margin + 12 || x > scroll.scrollLeft + scroll.clientWidth - 60) {
    scroll.scrollLeft = Math.max(0, x - margin - (scroll.clientWidth - margin) / 2);
  }
}

export class Painter {
  private readonly kept = new WeakSet<SVGSVGElement>();
  private readonly graph = document.getElementById("graph");
  private readonly nodes: SVGGElement[];
  private readonly unitNodes: Map<string, string[]>;

  constructor(private readonly report: Report) {
    this.nodes = [...document.querySelectorAll<SVGGElement>("#graph .node")];
    this.unitNodes = new Map(report.graph.units.map((unit) => [unit.name, unit.nodes]));
  }

  paint(runIndex: number, state: number): void {
    const run = this.report.runs[runIndex]!;
    for (const details of document.querySelectorAll<HTMLDetailsElement>("details.run")) {
      details.open = details.id === `run-${runIndex + 1}`;
    }
    this.paintGraph(run, state);
    const section = document.getElementById(`run-${runIndex + 1}`)!;
    this.paintLanes(section, run, state);
    for (const row of section.querySelectorAll<HTMLElement>("tr[data-event]")) {
      row.classList.toggle("now", Number(row.dataset.event) === state);
    }
  }

  private paintGraph(run: Run, state: number): void {
    const lanes = new Map(run.lanes.map((lane) => [lane.name, lane]));
    const acting = state > 0 ? run.steps[state - 1]!.component : null;
    for (const node of this.nodes) {
      const lane = lanes.get(node.dataset.name!);
      const status = lane?.statuses[state] ?? 0;
      node.dataset.status = String(status);
      node.classList.toggle("acting", node.dataset.name === acting);
      setStatus(node.querySelector("rect")!, "s", status);
      for (const text of node.querySelectorAll("text")) setStatus(text, "t", status);
      node.querySelector(".icon")!.textContent = ICONS[status]!;
      const shown = node.querySelector<SVGTextElement>(".state");
      const said = lane?.texts[state] || (status && !node.classList.contains("outage") ? STATUS_TEXTS[status]! : shown?.dataset.idle ?? "");
      if (shown) shown.textContent = fit(said, Number(shown.dataset.room));
    }
    this.reveal(this.nodes.find((node) => node.classList.contains("acting")));
    const isDown = (name: string) => lanes.get(name)?.statuses[state] === DOWN;
    const hasDown = (unit: string) => (this.unitNodes.get(unit) ?? []).some(isDown);
    for (const edge of this.graph?.querySelectorAll<SVGPathElement>(".edge") ?? []) {
      edge.classList.toggle("lit", hasDown(edge.dataset.used!) && hasDown(edge.dataset.user!));
    }
    for (const link of this.graph?.querySelectorAll<SVGPathElement>(".link") ?? []) {
      link.classList.toggle("broken", link.dataset.via!.split(" ").some(isDown));
    }
  }

  /** A graph that is wider than the page follows what happens. */
  private reveal(node: SVGGElement | undefined): void {
    const scroll = this.graph?.parentElement;
    if (!node || !scroll || scroll.scrollWidth <= scroll.clientWidth) return;
    const box = node.getBoundingClientRect();
    const frame = scroll.getBoundingClientRect();
    if (box.left < frame.left || box.right > frame.right) {
      scroll.scrollLeft += box.left - frame.left - (frame.width - box.width) / 2;
    }
  }

  private paintLanes(section: HTMLElement, run: Run, state: number): void {
    const svg = section.querySelector<SVGSVGElement>("svg.lanes")!;
    const xs = svg.dataset.xs!.split(",").map(Number);
    const x = xs[state]!;
    const end = xs[state + 1] ?? svg.width.baseVal.value - 12;
    const height = svg.height.baseVal.value;
    // The band lies under everything, the line under the events, so that both leave texts readable.
    const band = this.child(svg, "rect", "cursor-band", svg.firstElementChild);
    band.setAttribute("x", String(x));
    band.setAttribute("y", "20");
    band.setAttribute("width", String(Math.max(2, end - x)));
    band.setAttribute("height", String(height - 22));
    const line = this.child(svg, "path", "cursor", svg.querySelector(".events"));
    line.setAttribute("d", `M${x} 20V${height - 2}`);
    const path = ancestry(run, state);
    for (const event of svg.querySelectorAll<SVGGElement>(".event")) {
      event.classList.toggle("now", Number(event.dataset.event) === state);
    }
    for (const arrow of section.querySelectorAll<SVGPathElement>(".causes path")) {
      arrow.classList.toggle("away", state > 0 && !path.has(Number(arrow.dataset.end)));
    }
    for (const node of section.querySelectorAll<SVGGElement>(".why[data-event]")) {
      node.classList.toggle("now", Number(node.dataset.event) === state);
      node.classList.toggle("on-path", path.has(Number(node.dataset.event)));
    }
    for (const now of svg.querySelectorAll<SVGTextElement>(".now[data-values]")) {
      const [value, limit] = [now.dataset.values!, now.dataset.limits!].map((list) => Number(list.split(",")[state]).toLocaleString("en"));
      now.textContent = `now ${value} / ${limit}`;
    }
    this.keepLabels(svg);
    follow(svg.parentElement!, x, LABELS);
    const now = section.querySelector<SVGGElement>(".why.now rect");
    if (now) {
      const scroll = now.closest<HTMLElement>(".scroll")!;
      const left = Number(now.getAttribute("x"));
      follow(scroll, left + Number(now.getAttribute("width")) / 2, Number(now.getAttribute("width")) / 2);
    }
  }

  /** The names of lanes stay in sight where the drawing is wider than the page. */
  private keepLabels(svg: SVGSVGElement): void {
    if (this.kept.has(svg)) return;
    this.kept.add(svg);
    const scroll = svg.parentElement!;
    if (scroll.clientWidth < 4 * LABELS) return;
    const labels = svg.querySelector(".lane-labels")!;
    scroll.addEventListener("scroll", () => labels.setAttribute("transform", `translate(${scroll.scrollLeft})`), { passive: true });
  }

  private child(svg: SVGSVGElement, tag: string, name: string, before: Element | null): SVGElement {
    let found = svg.querySelector<SVGElement>(`.${name}`);
    if (!found) {
      found = document.createElementNS(SVG, tag);
      found.classList.add(name);
      svg.insertBefore(found, before);
    }
    return found;
  }
}
