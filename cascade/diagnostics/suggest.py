"""The nearest known name: "did you mean `health`?"."""

from collections.abc import Iterable

# Longer words are compared by their start only; no name that a person types is near this.
WORD_LENGTH_MAX = 64


def nearest(word: str, candidates: Iterable[str]) -> str | None:
    """The candidate that `word` most likely stands for, or None if none is close.

    A candidate that differs in the use of capitals alone always counts; otherwise at most one edit for words of up
    to four letters, two up to eight, else three. Ties go to the candidate that comes first in the alphabet.
    """
    word = word[:WORD_LENGTH_MAX]
    best: tuple[int, str] | None = None
    for candidate in sorted(set(candidates)):
        if candidate == word or not candidate:
            continue
        allowed = _edits_allowed(min(len(word), len(candidate)))
        if abs(len(word) - len(candidate)) > max(allowed, 0):
            continue
        distance = 0 if word.lower() == candidate.lower() else edit_distance(word, candidate)
        if distance <= allowed and (best is None or distance < best[0]):
            best = (distance, candidate)
    return None if best is None else best[1]


def _edits_allowed(length: int) -> int:
    """How many edits still make the same word; none for a single letter."""
    if length <= 1:
        return 0
    if length <= 4:
        return 1
    return 2 if length <= 8 else 3


def edit_distance(left: str, right: str) -> int:
    """Insertions, deletions, substitutions and swaps of neighbours between two words (Damerau, Levenshtein)."""
    before: list[int] = []
    row = list(range(len(right) + 1))
    for i, a in enumerate(left, start=1):
        earlier, before, row = before, row, [i]
        for j, b in enumerate(right, start=1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (a != b))
            if i > 1 and j > 1 and a == right[j - 2] and left[i - 2] == b:
                cost = min(cost, earlier[j - 2] + 1)
            row.append(cost)
    return row[-1]
