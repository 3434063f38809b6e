"""A run as lanes over time, with its events, what caused them, and the loads beside their limits: where everything stands on the page."""

import itertools

from cascade.diagnostics.durations import duration_text
from cascade.records import dataclass
from cascade.reports.data import Lane, Run, Series, Status
from cascade.reports.html.axis import Axis, make_axis

LABEL_WIDTH = 168.0
ROW = 26.0
TOP = 46.0
CHART_HEIGHT = 104.0
SCALE_HEIGHT = 44.0
LANES_MAX = 48
CHARTS_MAX = 3
_CHARACTER = 6.4
_MARK_ROOM = 20.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """A stretch of a lane in which nothing changes. `fits` is as much of the text as has room, from `text_x` on."""

    x: float
    width: float
    status: int
    text: str
    text_x: float
    fits: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A lane. `y` is its upper edge."""

    name: str
    label: str
    is_outage: bool
    y: float
    bars: tuple[Bar, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """An event on its lane; `event` counts from 1."""

    x: float
    y: float
    event: int
    number: int | None
    command_class: str
    title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrow:
    """From an event to one that it caused, as an SVG path."""

    path: str
    start: int
    end: int
    title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """A text on the axis: a time, or (`is_gap`) how long the interval is."""

    x: float
    text: str
    is_gap: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """A load (`line`) and its limit as stepped paths; `over` are rectangles (x, width) where it is in trouble; labels have x, y and a text."""

    name: str
    limit_text: str
    y: float
    line: str
    limit: str
    over: tuple[tuple[float, float], ...]
    limit_labels: tuple[tuple[float, float, str], ...]
    peak: tuple[float, float, str]
    values: tuple[int, ...]
    limits: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """A part of the strip to scale."""

    x: float
    width: float
    status: int
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RunView:
    """Everything that is drawn of a run. `xs` are where states begin, `loop_x` where a loop does."""

    axis: Axis
    xs: tuple[float, ...]
    width: float
    height: float
    lanes_bottom: float
    rows: tuple[Row, ...]
    hidden_count: int
    marks: tuple[Mark, ...]
    arrows: tuple[Arrow, ...]
    labels: tuple[Label, ...]
    charts: tuple[Chart, ...]
    strip: tuple[Stretch, ...]
    strip_y: float
    loop_x: float | None
    start_state: int


def view_run(run: Run) -> RunView:
    """The drawing of `run`."""
    return _Drawing(run).view()


class _Drawing:
    def __init__(self, run: Run) -> None:
        self._run = run
        self._axis = make_axis([s.time_ms for s in run.steps], run.end_ms, is_timed=run.is_timed)
        self._xs = tuple(round(LABEL_WIDTH + x, 1) for x in self._axis.xs)
        self._end = round(LABEL_WIDTH + self._axis.end, 1)

    def view(self) -> RunView:
        lanes, hidden_count = self._lanes()
        rows = tuple(self._row(lane, TOP + i * ROW) for i, lane in enumerate(lanes))
        bottom = TOP + len(rows) * ROW
        charts: list[Chart] = []
        y = bottom + 14
        troubled = [series for series in self._run.series if any(series.troubles)]
        for series in troubled[:CHARTS_MAX] or self._run.series[:1]:
            charts.append(self._chart(series, y))
            y += CHART_HEIGHT
        strip = self._strip(lanes) if self._run.is_timed and self._run.end_ms else ()
        marks = self._marks(rows)
        loop = self._run.loop_start
        has_loop = loop is not None and loop < len(self._run.steps)
        return RunView(
            axis=self._axis,
            xs=self._xs,
            width=self._end + 12,
            height=y + (SCALE_HEIGHT if strip else 4),
            lanes_bottom=bottom,
            rows=rows,
            hidden_count=hidden_count,
            marks=marks,
            arrows=self._arrows(marks),
            labels=self._labels(),
            charts=tuple(charts),
            strip=strip,
            strip_y=y,
            loop_x=self._xs[loop + 1] if loop is not None and has_loop else None,
            start_state=self._start_state(),
        )

    def _lanes(self) -> tuple[list[Lane], int]:
        """Lanes, with one for each component that did something and did not change."""
        known = {lane.name for lane in self._run.lanes}
        quiet = dict.fromkeys(s.component for s in self._run.steps if s.component not in known)
        count = len(self._run.steps) + 1
        idle = [Lane(name=name, is_outage=False, statuses=(Status.OK,) * count, texts=("",) * count) for name in quiet]
        own = [lane for lane in self._run.lanes if not lane.is_outage]
        outages = [lane for lane in self._run.lanes if lane.is_outage]
        room = max(0, LANES_MAX - len(outages))
        shown = [*own, *idle][:room]
        return [*shown, *outages], len(own) + len(idle) - len(shown)

    def _row(self, lane: Lane, y: float) -> Row:
        bars: list[Bar] = []
        first = 0
        for k in range(len(lane.statuses)):
            is_last = k + 1 == len(lane.statuses)
            if is_last or (lane.statuses[k + 1], lane.texts[k + 1]) != (lane.statuses[first], lane.texts[first]):
                x, end = self._xs[first], self._xs[k + 1] if not is_last else self._end
                text = lane.texts[first]
                text_x, fits = self._place_text(lane, text, x, end)
                bars.append(
                    Bar(
                        x=x,
                        width=round(end - x, 1),
                        status=int(lane.statuses[first]),
                        text=text,
                        text_x=text_x,
                        fits=fits,
                    )
                )
                first = k + 1
        label = lane.name or "(system)"
        return Row(
            name=lane.name, label=_fitting(label, LABEL_WIDTH - 22), is_outage=lane.is_outage, y=y, bars=tuple(bars)
        )

    def _place_text(self, lane: Lane, text: str, x: float, end: float) -> tuple[float, str]:
        """Where a text stands between the events on its bar, and as much of it as has room there."""
        marks = [self._xs[k + 1] for k, step in enumerate(self._run.steps) if step.component == lane.name]
        edges = [x, *(m for m in marks if x < m < end), end] if not lane.is_outage else [x, end]
        gaps = list(itertools.pairwise(edges))
        room = [(b - a - _MARK_ROOM, a + _MARK_ROOM / 2 + 3) for a, b in gaps]
        wide = [(width, at) for width, at in room if width >= len(text) * _CHARACTER]
        width, at = wide[0] if wide else max(room)
        return round(at, 1), _fitting(text, width)

    # --- events ---

    def _marks(self, rows: tuple[Row, ...]) -> tuple[Mark, ...]:
        y_of = {row.name: row.y + ROW / 2 for row in rows if not row.is_outage}
        return tuple(
            Mark(
                x=self._xs[k + 1],
                y=y_of[step.component],
                event=k + 1,
                number=step.number,
                command_class=step.command_class,
                title=f"{k + 1}. {step.command}" + (f": {step.text}" if step.text else ""),
            )
            for k, step in enumerate(self._run.steps)
            if step.component in y_of
        )

    def _arrows(self, marks: tuple[Mark, ...]) -> tuple[Arrow, ...]:
        by_number = {mark.number: mark for mark in marks if mark.number is not None}
        arrows: list[Arrow] = []
        for mark in marks:
            step = self._run.steps[mark.event - 1]
            for cause, values in zip(step.causes, step.passed_on, strict=True):
                start = by_number.get(cause)
                if start is None:
                    continue
                title = f"event {start.event} made event {mark.event} possible" + (f": {values}" if values else "")
                if start.y == mark.y:  # under the bar, whose text stays readable
                    path = f"M{start.x:g} {start.y + 8:g}Q{(start.x + mark.x) / 2:g} {start.y + 20:g} {mark.x - 5:g} {mark.y + 8:g}"
                    arrows.append(Arrow(path=path, start=start.event, end=mark.event, title=title))
                    continue
                bend = max(18.0, (mark.x - start.x) / 2)
                path = f"M{start.x:g} {start.y:g}C{start.x + bend:g} {start.y:g} {mark.x - bend:g} {mark.y:g} {mark.x - 8:g} {mark.y:g}"
                arrows.append(Arrow(path=path, start=start.event, end=mark.event, title=title))
        return tuple(arrows)

    def _labels(self) -> tuple[Label, ...]:
        if not self._run.is_timed:
            return tuple(Label(x=self._xs[k + 1], text=str(k + 1), is_gap=False) for k in range(len(self._run.steps)))
        labels: list[Label] = []
        stops = [(0, self._xs[0]), *((s.time_ms, x) for s, x in zip(self._run.steps, self._xs[1:], strict=True))]
        stops.append((self._run.end_ms, self._end))
        shown: int | None = None
        for (time, x), (following, next_x) in itertools.pairwise(stops):
            if time != shown:
                labels.append(Label(x=x, text=duration_text(time) if time else "0", is_gap=False))
                shown = time
            if following > time:
                labels.append(Label(x=(x + next_x) / 2, text=duration_text(following - time), is_gap=True))
        if stops[-1][0] != shown:
            labels.append(Label(x=self._end - 6, text=duration_text(stops[-1][0]), is_gap=False))
        return tuple(labels)

    def _start_state(self) -> int:
        """Where the player starts: the first state of an outage, or else the last state."""
        for k in range(len(self._run.steps) + 1):
            if any(lane.is_outage and lane.statuses[k] is Status.DOWN for lane in self._run.lanes):
                return k
        return len(self._run.steps)

    # --- loads and scale ---

    def _chart(self, series: Series, y: float) -> Chart:
        top = max(*series.values, *series.limits, 1) * 1.1
        room = CHART_HEIGHT - 34

        def height(value: int) -> float:
            return round(y + 20 + room * (1 - max(0, value) / top), 1)

        ends = [*self._xs[1:], self._end]
        over = [(x, end) for x, end, bad in zip(self._xs, ends, series.troubles, strict=True) if bad]
        word = "floor" if series.is_floor else "limit"
        peak = series.values.index(max(series.values))
        return Chart(
            name=series.name,
            limit_text=f"{word} {series.limit_name or f'{series.limits[0]:,}'}",
            y=y,
            line=self._stepped([height(v) for v in series.values]),
            limit=self._stepped([height(v) for v in series.limits]),
            over=tuple((x, round(end - x, 1)) for x, end in over),
            limit_labels=self._limit_labels(series, [height(v) for v in series.limits]),
            peak=(self._xs[peak] + 4, height(series.values[peak]) - 4, f"{series.values[peak]:,}"),
            values=series.values,
            limits=series.limits,
        )

    def _limit_labels(self, series: Series, heights: list[float]) -> tuple[tuple[float, float, str], ...]:
        """The limit where it begins, and where it changes for long enough to be read; not where the load has its number."""
        peak = series.values.index(max(series.values))
        labels: list[tuple[float, float, str]] = []
        for k, limit in enumerate(series.limits):
            is_new = k == 0 or limit != series.limits[k - 1]
            following = next((j for j in range(k + 1, len(series.limits)) if series.limits[j] != limit), None)
            end = self._end if following is None else self._xs[following]
            text = f"{limit:,}"
            has_room = end - self._xs[k] > len(text) * _CHARACTER + 6
            if is_new and has_room and not (k == peak and abs(series.values[k] - limit) * 8 < max(series.values)):
                labels.append((self._xs[k] + 3, round(heights[k] - 4, 1), text))
        return tuple(labels)

    def _stepped(self, heights: list[float]) -> str:
        path = f"M{self._xs[0]:g} {heights[0]:g}"
        for k in range(1, len(heights)):
            path += f"H{self._xs[k]:g}V{heights[k]:g}"
        return path + f"H{self._end:g}"

    def _strip(self, lanes: list[Lane]) -> tuple[Stretch, ...]:
        """The run on a linear axis: when some outage is there, and when not."""
        outages = [lane for lane in lanes if lane.is_outage]
        times = [0, *(s.time_ms for s in self._run.steps), self._run.end_ms]
        scale = (self._end - self._xs[0]) / self._run.end_ms
        stretches: list[Stretch] = []
        first = 0
        for k in range(len(times) - 1):
            status = max((int(lane.statuses[k]) for lane in outages), default=0)
            following = max((int(lane.statuses[k + 1]) for lane in outages), default=0) if k + 2 < len(times) else -1
            if following != status:
                length = times[k + 1] - times[first]
                if length:
                    width = length * scale
                    text = f"{'outage' if status else 'no outage'} {duration_text(length)}"
                    x = round(self._xs[0] + times[first] * scale, 1)
                    stretches.append(Stretch(x=x, width=round(width, 1), status=status, text=_fitting(text, width - 8)))
                first = k + 1
        return tuple(stretches)


def _fitting(text: str, width: float) -> str:
    """As much of `text` as is about as wide as `width`; nothing if that is next to nothing."""
    room = int(width / _CHARACTER)
    if len(text) <= room:
        return text
    return text[: room - 1].rstrip() + "…" if room >= 4 else ""
