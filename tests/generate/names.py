"""Names for generated specs: unlike each other, and now and then a word that is a keyword elsewhere."""

import random

LABELS = (
    ("up", "down"),
    ("up", "partial", "down"),
    ("red", "green"),
    ("idle", "busy", "stuck"),
    ("cold", "warm"),
)
# Words are soft: a keyword is a name wherever a name is expected.
_SOFT_WORDS = ("time", "stop", "most", "cut", "fault", "once", "to", "act", "times", "holds", "within", "lasts")


class Names:
    """Hands out names that were not used before."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self._counts: dict[str, int] = {}
        self._soft = list(_SOFT_WORDS)

    def new(self, stem: str) -> str:
        """A name that starts with `stem`; seldom a soft word."""
        if self._soft and stem in ("let", "flag", "level") and self._rng.random() < 0.02:
            return self._soft.pop(self._rng.randrange(len(self._soft)))
        self._counts[stem] = self._counts.get(stem, 0) + 1
        return f"{stem}{self._counts[stem]}"
