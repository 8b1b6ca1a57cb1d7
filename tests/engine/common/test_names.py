"""Names for people and for files, of whatever bytes and length they are."""

from __future__ import annotations

import os
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.common.errors import VideoError
from engine.common.names import MAX_NAME_BYTES, displayable, fitting_name, name_bytes


@pytest.mark.parametrize(
    "name", ["gate 3.mp4", "käse.mp4", "カメラ1.mp4", "مدخل.mp4", "a\u00a0b", "می\u200cخواهم", "C:\\videos\\a.mp4"]
)
def test_text_stays_as_it_is(name: str) -> None:
    assert displayable(name) == name


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        (os.fsdecode(b"caf\xe9.mp4"), "caf\\xe9.mp4"),
        ("a\nb", "a\\x0ab"),
        ("a\x1b[31mb", "a\\x1b[31mb"),
        ("gate\u202e4pm.exe", "gate\\u202e4pm.exe"),
        ("\ud800", "\\ud800"),
    ],
)
def test_what_is_no_text_is_written_out(name: str, shown: str) -> None:
    assert displayable(name) == shown


@given(st.text(st.characters(), max_size=300))
def test_what_is_displayable_can_be_encoded_and_is_one_line(name: str) -> None:
    shown = displayable(name)
    shown.encode()
    assert len(shown.splitlines()) <= 1
    assert displayable(shown) == shown


@given(st.binary(min_size=1, max_size=400), st.sampled_from([".scores.csv", ".segment-12.mp4", ""]))
def test_names_of_files_fit_and_keep_their_end(data: bytes, suffix: str) -> None:
    name = fitting_name(os.fsdecode(data), suffix)
    assert 0 < name_bytes(name) <= MAX_NAME_BYTES
    assert name.endswith(suffix)
    name.encode()


def test_long_names_with_the_same_beginning_stay_apart() -> None:
    names = {fitting_name("視" * 100 + end, ".mp4") for end in ("", "a", "b")}
    assert len(names) == 3
    assert fitting_name("short", ".mp4") == "short.mp4"


def test_an_error_can_be_printed_and_sent_whatever_it_is_about() -> None:
    name = os.fsdecode(b"caf\xe9\n.mp4")
    error = VideoError(f"{name} is odd", subject=name, advice=f"Rename it.\nNot to {name}.")
    str(error).encode()
    assert error.subject == "caf\\xe9\\x0a.mp4"
    assert error.advice == "Rename it.\nNot to caf\\xe9\n.mp4."
    assert isinstance(pickle.loads(pickle.dumps(error)), VideoError)
