"""What is measured: a spec, one of its checks, and how large."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from bench import gen_clocks, gen_digits, gen_tiers, gen_wide

_SPECS = Path(__file__).resolve().parents[1] / "specs"


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One measurement. Without `has_peers` the question is none that the exporters can ask, or too large for the peers.

    Where the check `is_violated`, every tool stops at its own first run, and numbers of states are not comparable.
    """

    name: str
    check: str
    text: Callable[[], str]
    has_peers: bool = True
    is_violated: bool = False


def _tiers(
    tiers: int, replicas: int, faults: int, level: int, check: str = "bounds", *, has_peers: bool = True
) -> Case:
    return Case(
        name=f"tiers {tiers} {replicas} {faults} {level}",
        check=check,
        text=lambda: gen_tiers.spec(tiers, replicas, faults, level),
        has_peers=has_peers,
        is_violated=check == "collapse",
    )


def _digits(digits: int, base: int, *, has_peers: bool = True) -> Case:
    name = f"digits {digits} {base}"
    return Case(name=name, check="bounded", text=lambda: gen_digits.spec(digits, base), has_peers=has_peers)


def _clocks(nodes: int, faults: int, duration: str, check: str, *, has_peers: bool = True) -> Case:
    return Case(
        name=f"clocks {nodes} {faults} {duration}",
        check=check,
        text=lambda: gen_clocks.spec(nodes, faults, duration),
        has_peers=has_peers and check != "heals",
    )


def _wide(counters: int, level: int, capacity: int) -> Case:
    name = f"wide {counters} {level} {capacity}"
    return Case(name=name, check="bounded", text=lambda: gen_wide.spec(counters, level, capacity))


def _shipped(name: str, check: str) -> Case:
    return Case(name=name, check=check, text=lambda: (_SPECS / f"{name}.cf").read_text(encoding="utf-8"))


_SHIPPED = (
    _shipped("cloudflare-2020-11-02", "within_seven_hours"),
    _shipped("cloudflare-2025-09-12", "data_plane_is_apart"),
)

CASES: dict[str, tuple[Case, ...]] = {
    "small": (
        _tiers(2, 2, 2, 1),
        _clocks(3, 2, "6min", "bounded"),
        _wide(24, 3, 3),
        _clocks(3, 2, "6min", "heals"),
        *_SHIPPED,
    ),
    "medium": (
        _tiers(3, 2, 2, 2),
        _tiers(3, 2, 2, 2, "collapse"),
        _tiers(3, 2, 2, 2, "settles", has_peers=False),
        _digits(6, 10),
        _clocks(5, 3, "12min", "bounded"),
        _wide(24, 3, 6),
        _clocks(5, 3, "12min", "heals"),
        *_SHIPPED,
    ),
    "large": (
        _tiers(4, 2, 1, 1),
        _tiers(4, 2, 1, 1, "collapse"),
        _tiers(4, 2, 1, 1, "settles", has_peers=False),
        _tiers(4, 2, 2, 1),
        _clocks(6, 3, "1h", "bounded"),
        _wide(24, 3, 8),
        _clocks(6, 3, "1h", "heals"),
        *_SHIPPED,
    ),
    "huge": (
        _tiers(4, 2, 3, 1, has_peers=False),
        _clocks(6, 3, "12h", "bounded", has_peers=False),
        _clocks(6, 3, "12h", "heals"),
        _digits(9, 10, has_peers=False),
    ),
}
