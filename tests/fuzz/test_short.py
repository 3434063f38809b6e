"""A short campaign of what `python -m tests.fuzz` does for long: hostile bytes are refused or read, never more than that."""

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.fuzz.__main__ import STORED, seeds
from tests.fuzz.targets import spec, stored

short = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
FIELDS = sorted(
    {"states", "transitions", "seconds", "counted", "run", "proof", "initial", "steps", "loop_start", "kind", "k"}
)


@short
@given(st.binary(max_size=300))
def test_stored_bytes(data):
    stored(data)


@short
@given(st.integers(0, 4), st.dictionaries(st.sampled_from(FIELDS), values))
def test_stored_objects(reader, value):
    stored(bytes([reader]) + json.dumps(value).encode())


@short
@given(st.sampled_from(STORED), st.data())
def test_stored_files_with_another_byte(text, data):
    place = data.draw(st.integers(1, len(text) - 1))
    stored(text[:place] + bytes([data.draw(st.integers(0, 255))]) + text[place + 1 :])


@short
@given(st.sampled_from(sorted(seeds())[::4]), st.data())
def test_specs_with_other_bytes(text, data):
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(text) - 1))
        length = data.draw(st.integers(0, 20))
        text = text[:place] + data.draw(st.binary(max_size=8)) + text[place + length :] or b" "
    spec(text)


@pytest.mark.parametrize(
    "found",
    [
        b'\3{"log":[[22220000000005743,""]]}',  # a checkpoint that wants more memory than there is
        b'\3{"log":[[1111000000000002871,""]]}',
    ],
)
def test_what_a_campaign_found(found: bytes) -> None:
    stored(found)
