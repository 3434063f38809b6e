"""The nearest known name."""

import pytest

from cascade.diagnostics.suggest import edit_distance, nearest

KNOWN = ["health", "healthy", "serving", "forwards", "state", "up", "x", "leader"]


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("helth", "health"),
        ("healht", "health"),
        ("Health", "health"),
        ("HEALTHY", "healthy"),
        ("servin", "serving"),
        ("stat", "state"),
        ("pu", "up"),
        ("UP", "up"),
        ("y", None),
        ("zzz", None),
        ("", None),
        ("health", "healthy"),
        ("leadre" * 50, None),
    ],
)
def test_nearest(word, expected):
    assert nearest(word, KNOWN) == expected


def test_ties_go_to_the_first_of_the_alphabet():
    assert nearest("node_x", ["node_b", "node_a"]) == "node_a"


@pytest.mark.parametrize(
    ("left", "right", "expected"),
    [("", "", 0), ("a", "", 1), ("ab", "ba", 1), ("kitten", "sitting", 3), ("abc", "abc", 0), ("abcd", "acbd", 1)],
)
def test_edit_distance(left, right, expected):
    assert edit_distance(left, right) == expected
    assert edit_distance(right, left) == expected
