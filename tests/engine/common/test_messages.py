"""What was told in one language is stored so that it can be told in another."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from engine.common.errors import VideoError
from engine.common.language import in_language, tr
from engine.common.messages import Message, message_of


def stored_and_read(text: str) -> Message:
    return msgspec.json.decode(msgspec.json.encode(message_of(text)), type=Message)


def error(reason: object) -> VideoError:
    advice = tr("Check the name and the permissions of its folder ({reason}).").format(reason=reason)
    return VideoError(tr("The file can't be reached"), subject=Path("/gate.mp4"), advice=advice)


def test_an_error_told_in_german_is_read_in_english_and_back() -> None:
    with in_language("de"):
        raised = error("Zugriff")
        what, advice = raised.what, raised.advice
        assert stored_and_read(what).in_words() == what == "Die Datei ist nicht erreichbar"
        assert stored_and_read(advice).in_words() == advice
    assert stored_and_read(what).in_words() == "The file can't be reached"
    assert stored_and_read(advice).in_words() == "Check the name and the permissions of its folder (Zugriff)."


def test_an_error_told_in_english_is_read_in_german() -> None:
    raised = error("denied")
    with in_language("de"):
        assert [stored_and_read(each).in_words() for each in (raised.what, raised.advice)] == [
            error("denied").what,
            error("denied").advice,
        ]


def test_what_is_filled_in_is_told_in_the_other_language_too() -> None:
    with in_language("de"):
        text = tr("Failed: {problem}").format(problem=tr("It is not where it was"))
        number = tr("Highest score {score:.2f}").format(score=3.25)
    assert stored_and_read(text).in_words() == "Failed: It is not where it was"
    assert stored_and_read(number).in_words() == "Highest score 3.25"


@pytest.mark.parametrize(
    "value", [b"\xe9.mp4".decode("utf-8", "surrogateescape"), Path("/a/b"), OSError(5, "gone"), True]
)
def test_values_are_stored_as_they_are_shown(value: object) -> None:
    message = stored_and_read(VideoError(tr("Failed: {problem}").format(problem=value)).what)
    assert message.in_words() == VideoError(f"Failed: {value}").what


def test_what_can_not_be_told_again_stays_as_it_was_told() -> None:
    with in_language("de"):
        day = tr("Failed: {problem:%d.%m.%Y}").format(problem=datetime(2026, 2, 1, tzinfo=UTC))
        plain = f"{tr('The file can not be reached')} …"
    assert stored_and_read(day).in_words() == day
    assert stored_and_read(plain).in_words() == plain


def test_a_message_that_lacks_a_value_is_shown_as_it_is() -> None:
    assert Message("{reason}. Verdicts are kept elsewhere.", {"other": 1}).in_words().startswith("{reason}.")
