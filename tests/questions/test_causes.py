"""Which steps of a run matter for what it shows, which made which possible, and what is said of each."""

import pytest

from cascade.questions.causes import Explanation
from cascade.verdicts.verdict import Undetermined
from tests.questions.asking import asked, told


def kept(explanation: Explanation) -> list[str]:
    return [step.command for step in explanation.steps]


def causes(explanation: Explanation) -> list[tuple[int, ...]]:
    return [step.causes for step in explanation.steps]


# --- chains ---

CHAIN = """
component Switch { fault crash { health: up -> down } }
component App { port switch: Switch  state mode: {normal, degraded, stuck} = normal
  reaction degrade "fall back" when not switch.serving after 2min { mode: normal -> degraded }
  event rush { mode: degraded -> stuck } }
system chain { tick 1min
  part switch: Switch
  component lamp { }
  part app: App(switch = switch)
  outage down "nothing works" when app.mode == stuck
  check c: never down
}
"""


def test_a_chain_of_causes() -> None:
    explanation = asked(CHAIN).explained("lamp.crash", "switch.crash", 2, "app.degrade", "app.rush")
    assert [told(step) for step in explanation.steps] == [
        ("switch.crash", "", ["switch.health: up -> down", "(switch.healthy: true -> false)"]),
        ("app.degrade", "switch.healthy became false in step 1", ["app.mode: normal -> degraded"]),
        ("app.rush", "app.mode became degraded in step 2", ["app.mode: degraded -> stuck", "(down: false -> true)"]),
    ]
    assert causes(explanation) == [(), (0,), (1,)]
    assert explanation.omitted_count == 1, "the lamp"
    assert explanation.loop_start is None
    assert [(s.index, s.time_ticks, s.waited_ticks) for s in explanation.steps] == [(1, 0, 0), (4, 2, 2), (5, 2, 0)]
    assert [s.in_loop for s in explanation.steps] == [False] * 3
    degrade = explanation.steps[1]
    assert (degrade.command_class, degrade.component, degrade.text) == ("reaction", "app", "fall back")


def test_a_run_of_no_steps_has_nothing_to_explain() -> None:
    explanation = asked("system s { state p: bool = true check c: never p }").explained()
    assert (explanation.steps, explanation.omitted_count, explanation.loop_start) == ((), 0, None)


# --- what a value rests on ---

THREE = """
system three {
  state a: bool = false  state b: bool = false  state n: 0..3 = 0  state manual: bool = false
  event on_a { a = true }  event off_a { a = false }
  event on_b { b = true }
  event two { n = 2 }  event none { n = 0 }  event by_hand { manual = true }
  event copy { n = if manual then 3 else if a then 1 else n }
  let shown = if manual then b else a
  check c: FORMULA
}
"""


@pytest.mark.parametrize(
    ("formula", "steps", "expected"),
    [
        # Of a true disjunction and of a false conjunction one operand suffices, the first.
        ("never a or b", ("on_b", "on_a"), ["on_a"]),
        ("never a or b", ("on_b",), ["on_b"]),
        ("always not (a or n == 2)", ("on_b", "two"), ["two"]),
        ("always not a and not b", ("on_b", "on_a"), ["on_a"]),
        # A true conjunction needs all.
        ("never a and b", ("on_b", "two", "on_a"), ["on_b", "on_a"]),
        # Of a conditional only the branch that is taken.
        ("never shown", ("on_a", "by_hand", "on_b"), ["by_hand", "on_b"]),
        ("never shown", ("on_b", "on_a"), ["on_a"]),
        # Both sides of a comparison.
        ("never n == (if b then 2 else 1)", ("on_a", "on_b", "two"), ["on_b", "two"]),
        # Who changed it last: what was undone in between does not matter, nor does who changed nothing.
        ("never a", ("on_a", "off_a", "on_a"), ["on_a"]),
        ("never a", ("on_a", "on_a"), ["on_a"]),
        ("never n == 2", ("two", "none", "on_b", "two", "two"), ["two"]),
        # What an update reads.
        ("never n == 1", ("on_b", "on_a", "copy"), ["on_a", "copy"]),
        ("never n == 3", ("on_a", "by_hand", "copy"), ["by_hand", "copy"]),
        ("never n == 2", ("two", "on_b", "copy"), ["two"]),
    ],
)
def test_what_a_value_rests_on(formula: str, steps: tuple[str, ...], expected: list[str]) -> None:
    explanation = asked(THREE.replace("FORMULA", formula)).explained(*steps)
    assert kept(explanation) == expected
    assert explanation.omitted_count == len(steps) - len(expected)


def test_of_several_equal_steps_the_last_that_changed_something() -> None:
    explanation = asked(THREE.replace("FORMULA", "never a")).explained("on_a", "off_a", "on_a", "on_a")
    assert [step.index for step in explanation.steps] == [2]


def test_only_the_member_that_an_index_chooses() -> None:
    explanation = asked(
        "component N { state up: bool = true event fall { up = false } } "
        "system s { redundant n: 3 x N needs 1 state chosen: 1..3 = 1 event choose { chosen = 3 } "
        "check c: always n[chosen].up }"
    ).explained("n[1].fall", "n[3].fall", "choose")
    assert kept(explanation) == ["n[3].fall", "choose"]
    assert (causes(explanation), explanation.omitted_count) == ([(), ()], 1)


def test_two_causes_of_one_step() -> None:
    explanation = asked(
        "system s { tick 1min state a: bool = false state b: bool = false state c: bool = false state hit: bool = false "
        "event set_a { a = true } event set_b { b = true } event set_c { c = true } "
        "reaction strike when a and b after 3min { hit = true } check d: never hit }"
    ).explained("set_b", 1, "set_c", "set_a", 3, "strike")
    assert kept(explanation) == ["set_b", "set_a", "strike"]
    assert causes(explanation) == [(), (), (0, 1)]
    last = explanation.steps[-1]
    assert (last.because, last.waited_ticks) == ("a became true in step 2", 3)


# --- formulas with a memory ---


@pytest.mark.parametrize(
    ("formula", "steps", "expected"),
    [
        ("possible a then not a", ("on_b", "on_a", "off_a"), ["on_a", "off_a"]),
        ("possible not a then a", ("on_b", "on_a"), ["on_a"]),  # at first it holds by itself
        ("possible a then b then n == 2", ("two", "by_hand", "on_a", "off_a", "on_b"), ["two", "on_a", "on_b"]),
        ("possible a and b then n == 2", ("on_a", "on_b", "off_a", "two"), ["on_a", "on_b", "two"]),
    ],
)
def test_progress_is_evidence(formula: str, steps: tuple[str, ...], expected: list[str]) -> None:
    explanation = asked(THREE.replace("FORMULA", formula)).explained(*steps)
    assert kept(explanation) == expected
    assert explanation.omitted_count == len(steps) - len(expected)


SERVER = """
system server { tick 1min
  state busy: bool = false  state hot: bool = false  state load: 0..2 = 0
  event arrive when load < 2 { load = load + 1 }
  event warm { hot = true }
  reaction work when load > 0 and not busy { busy = true }
  check c: FORMULA
}
"""


def test_what_has_lasted_too_long() -> None:
    explanation = asked(SERVER.replace("FORMULA", "busy lasts at most 2min")).explained(
        "warm", "arrive", "work", 1, "arrive", 2
    )
    assert kept(explanation) == ["arrive", "work"]
    assert (causes(explanation), explanation.omitted_count) == ([(), (0,)], 2)


def test_an_answer_that_does_not_come() -> None:
    explanation = asked(SERVER.replace("FORMULA", "hot leads to load == 2 within 1min")).explained(
        "arrive", "work", "warm", 2
    )
    # The answer is owed since it is hot and the load is not 2: the last to change that was `arrive`.
    assert kept(explanation) == ["arrive", "warm"]
    assert explanation.omitted_count == 1


# --- lassos, and where there is no way back ---

HEAL = """
system heal { TICK
  state ok: bool = true  state blocked: bool = false  state noted: bool = false
  component lamp { }
  fault break { ok: true -> false }
  fault block { blocked: false -> true }
  reaction heal when not blocked WITHIN { ok: false -> true }
  reaction note when not ok WITHIN { noted: false -> true }
  check c: not ok FORMULA ok
}
"""


def heal(formula: str, *, timed: bool) -> str:
    text = HEAL.replace("FORMULA", formula)
    return text.replace("TICK", "tick 1min" if timed else "").replace("WITHIN", "within 1min" if timed else "")


@pytest.mark.parametrize("order", [("break", "block"), ("block", "break")])
def test_without_time_a_run_stops_where_what_is_owed_is_prevented(order: tuple[str, str]) -> None:
    explanation = asked(heal("leads to", timed=False)).explained("lamp.crash", *order, "note", loop_start=4)
    assert kept(explanation) == list(order), "whether it broke first or was blocked first"
    assert causes(explanation) == [(), ()]
    assert explanation.omitted_count == 2, "the lamp, and a note that changes nothing here"
    assert explanation.loop_start == 2


@pytest.mark.parametrize("order", [("break", "block"), ("block", "break")])
def test_with_time_likewise(order: tuple[str, str]) -> None:
    explanation = asked(heal("leads to", timed=True)).explained("lamp.crash", *order, "note", 1, loop_start=4)
    assert kept(explanation) == list(order)
    assert (explanation.omitted_count, explanation.loop_start) == (2, 2)


@pytest.mark.parametrize("order", [("break", "block"), ("block", "break")])
def test_no_way_back_because_it_is_blocked(order: tuple[str, str]) -> None:
    explanation = asked(heal("can lead to", timed=False)).explained("lamp.crash", *order)
    assert kept(explanation) == list(order)
    assert (explanation.omitted_count, explanation.loop_start) == (1, None)


def test_what_has_stopped_is_no_way_back() -> None:
    explanation = asked(
        "system s { state ok: bool = true state able: bool = true fault break { ok: true -> false } "
        "event hinder { able: true -> false } event help when able { ok: false -> true } "
        "check c: not ok can lead to ok once events stop }"
    ).explained("hinder", "break")
    assert kept(explanation) == ["break"], "the event would not come anyway"


def test_a_loop_is_kept_as_a_whole() -> None:
    explanation = asked("""
system swing { tick 1min
  state n: 0..1 = 0  state mode: {calm, swinging} = calm
  component lamp { }
  fault start { mode: calm -> swinging }
  reaction up when mode == swinging and n == 0 after 1min { n = 1 }
  reaction down when n == 1 after 2min { n = 0 }
  check c: mode == swinging leads to mode == calm
}
""").explained("start", "lamp.crash", 1, "up", 2, "down", 1, "up", loop_start=4)
    assert [told(step) for step in explanation.steps] == [
        ("start", "", ["mode: calm -> swinging"]),
        ("up", "mode became swinging in step 1", ["n: 0 -> 1"]),
        ("down", "n became 1 in step 2", ["n: 1 -> 0"]),
        ("up", "n became 0 in step 3", ["n: 0 -> 1"]),
    ]
    assert causes(explanation) == [(), (0,), (1,), (0, 2)]
    assert [(s.time_ticks, s.waited_ticks, s.in_loop) for s in explanation.steps] == [
        (0, 0, False),
        (1, 1, False),
        (3, 2, True),
        (4, 1, True),
    ]
    assert (explanation.omitted_count, explanation.loop_start) == (1, 2)


def test_the_trigger_after_which_no_answer_comes() -> None:
    explanation = asked(
        "system s { state p: bool = false state q: bool = false event ask { p = true } event done { p = false } "
        "event yes { q = true } event no { q = false } check c: p leads to q }"
    ).explained("ask", "yes", "done", "no", "ask", loop_start=5)
    # The first `ask` was answered; of the second step `yes` only the end of it, `no`, matters.
    assert [(step.index, step.command) for step in explanation.steps] == [(3, "no"), (4, "ask")]
    assert (explanation.omitted_count, explanation.loop_start) == (3, 2)


# --- errors of the spec ---


def failed(text: str) -> Explanation:
    result = asked(text).decided()
    assert isinstance(result.verdict, Undetermined) and result.verdict.failure is not None
    assert result.explanation is not None
    return result.explanation


def test_what_made_a_division_fail() -> None:
    explanation = failed(
        "system s { state n: 0..2 = 2 state go: bool = false event begin { go: false -> true } "
        "reaction shrink when go and n > 0 { n = n - 1 } check c: never 6 / n == 7 }"
    )
    assert kept(explanation) == ["begin", "shrink", "shrink"]
    assert causes(explanation) == [(), (0,), (0, 1)]
    assert [step.because for step in explanation.steps] == ["", "go became true in step 1", "go became true in step 1"]


def test_what_led_to_a_value_outside() -> None:
    explanation = failed(
        "system s { state n: 0..1 = 0 state on: bool = false event switch { on: false -> true } "
        "event grow when on { n = n + 1 } check c: never false }"
    )
    # `n` is 1 after `grow`; that the next `grow` does not fit rests on that and on the switch.
    assert kept(explanation) == ["switch", "grow"]
    assert causes(explanation) == [(), (0,)]


def test_a_timelock_shows_in_its_loop() -> None:
    explanation = failed(
        "system s { tick 1min state broken: bool = false state on: bool = false "
        "fault breaks after 1min { broken: false -> true } reaction start when broken and not on { on = true } "
        "reaction stop when on { on = false } check c: never false }"
    )
    assert kept(explanation) == ["breaks", "start", "stop"]
    assert causes(explanation) == [(), (0,), (1,)]
    assert (explanation.loop_start, [s.in_loop for s in explanation.steps]) == (1, [False, True, True])


HELD_OFF = """
system held_off { tick 1min
  state loaded: bool = false  state calm: bool = true  state streaming: bool = true  state lamp: bool = false
  fault burst { loaded: false -> true }
  event hush { streaming: true -> false }
  event shine { lamp: false -> true }
  reaction stir when loaded and streaming after 2min { calm = false }
  check c: loaded and calm lasts at most 5min
}
"""


@pytest.mark.parametrize(("before", "after"), [(1, 5), (0, 6)])
def test_what_holds_a_reaction_off_matters(before: int, after: int) -> None:
    explanation = asked(HELD_OFF).explained("burst", before, "hush", "shine", after)
    assert kept(explanation) == ["burst", "hush"]
    assert explanation.omitted_count == 1, "the lamp"


def test_what_would_not_have_come_in_time_is_not_held_off() -> None:
    later = HELD_OFF.replace("after 2min", "after 20min")
    explanation = asked(later).explained("burst", 1, "hush", "shine", 5)
    assert (kept(explanation), explanation.omitted_count) == (["burst"], 2)


# --- what is waited for ---


def test_a_command_that_fires_again_waited_since_it_fired() -> None:
    text = """system s { tick 1min state n: 0..3 = 0  state hot: bool = false
      fault heats { hot: false -> true }
      reaction rise when hot and n < 3 after 2min { n = n + 1 }
      check c: never n == 3 }"""
    explanation = asked(text).explained("heats", 2, "rise", 2, "rise", 2, "rise")
    assert [(s.because, s.waited_ticks) for s in explanation.steps] == [
        ("", 0),
        ("hot became true in step 1", 2),
        ("hot became true in step 1", 2),
        ("hot became true in step 1", 2),
    ]


def test_a_step_that_keeps_a_command_from_firing_says_which() -> None:
    text = """system s { tick 1min state n: 0..3 = 0  state hot: bool = false  state here: bool = true  state told: bool = false
      fault heats { hot: false -> true }
      event lunch { here: true -> false }
      reaction notice when hot and here after 2min { told: false -> true }
      reaction rise when hot and not told and n < 3 after 1min { n = n + 1 }
      check c: never n == 3 }"""
    explanation = asked(text).explained("heats", 1, "rise", 1, "lunch", "rise", 1, "rise")
    assert [(s.command, s.because) for s in explanation.steps] == [
        ("heats", ""),
        ("rise", "hot became true in step 1"),
        ("lunch", "notice would be due otherwise"),
        ("rise", "hot became true in step 1"),
        ("rise", "hot became true in step 1"),
    ]
