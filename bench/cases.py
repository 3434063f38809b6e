"""What is measured: a spec, one of its checks, and how large."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from bench import gen_clocks, gen_tiers, gen_wide

_SPECS = Path(__file__).resolve().parents[1] / "specs"


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One measurement. Without `has_peers` the question is none that the exporters can ask."""

    name: str
    check: str
    text: Callable[[], str]
    has_peers: bool = True


def _tiers(tiers: int, replicas: int, faults: int, level: int) -> Case:
    name = f"tiers {tiers} {replicas} {faults} {level}"
    return Case(name=name, check="bounds", text=lambda: gen_tiers.spec(tiers, replicas, faults, level))


def _clocks(nodes: int, faults: int, duration: str, check: str) -> Case:
    name = f"clocks {nodes} {faults} {duration}"
    return Case(
        name=name, check=check, text=lambda: gen_clocks.spec(nodes, faults, duration), has_peers=check != "heals"
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
        _clocks(5, 3, "12min", "bounded"),
        _wide(24, 3, 6),
        _clocks(5, 3, "12min", "heals"),
        *_SHIPPED,
    ),
    "large": (
        _tiers(4, 2, 1, 1),
        _tiers(4, 2, 2, 1),
        _clocks(6, 3, "1h", "bounded"),
        _wide(24, 3, 8),
        _clocks(6, 3, "1h", "heals"),
        *_SHIPPED,
    ),
}
