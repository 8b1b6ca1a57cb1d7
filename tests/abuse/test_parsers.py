"""Odd inputs of every own parser, of the right form and of none: only the errors that it may raise."""

from __future__ import annotations

import copy
import json
import os
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.abuse.parsers import PARSERS, raises_another

EXAMPLES = int(os.environ.get("VADGUI_EXAMPLES", "60"))

ODD = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**30), 10**30)
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from(["\ud800", "1e999", "../..", "\0", 10**400, -0.0]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
AS_JSON = [name for name, parser in PARSERS.items() if parser.whole[:1] in (b"{", b"[")]
MOMENTS = st.from_regex(r"[a-z]{0,4}[_-]?\d{1,6}[-_. ]?\d{1,4}[-_. ]?\d{1,4}[T_ -]?\d{0,6}[-_.:]?\d{0,9}Z?[+-]?\d{0,4}")


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Where something is in a value, from the outermost on."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(place for key, each in inner for place in places(each, (*path, key)))]


@st.composite
def almost_right(draw: st.DrawFn, whole: bytes) -> bytes:
    """The whole example with one or two values replaced, left out, or others added."""
    value = copy.deepcopy(json.loads(whole))
    for _ in range(draw(st.integers(1, 2))):
        path = draw(st.sampled_from(places(value)))
        if not path:
            return json.dumps(draw(ODD)).encode()
        *above, last = path
        holder = value
        for key in above:
            holder = holder[key]
        if draw(st.booleans()):
            holder[last] = draw(ODD)
        else:
            del holder[last]
    return json.dumps(value).encode()


@pytest.mark.parametrize("name", PARSERS)
def test_the_whole_example_is_read(name: str) -> None:
    PARSERS[name].parse(PARSERS[name].whole)


@pytest.mark.parametrize("name", AS_JSON)
@settings(max_examples=EXAMPLES, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_json_that_is_almost_right(name: str, data: st.DataObject) -> None:
    content = data.draw(almost_right(PARSERS[name].whole))
    error = raises_another(PARSERS[name], content)
    assert error is None, (content, error)


@pytest.mark.parametrize("name", PARSERS)
@settings(max_examples=EXAMPLES, suppress_health_check=list(HealthCheck))
@given(content=st.binary(max_size=200) | MOMENTS.map(str.encode))
def test_bytes_of_no_form(name: str, content: bytes) -> None:
    error = raises_another(PARSERS[name], content)
    assert error is None, (content, error)


@settings(max_examples=EXAMPLES * 5)
@given(name=MOMENTS)
def test_names_with_numbers_that_may_be_a_moment(name: str) -> None:
    error = raises_another(PARSERS["file name"], name.encode())
    assert error is None, (name, error)
