"""Texts are filled in as their language writes numbers."""

from __future__ import annotations

import numpy as np

from engine.common.durations import duration_in_words
from engine.common.language import in_language, number_text, tr, with_capital


def test_english_numbers_have_a_point() -> None:
    assert number_text(3.256, ".2f") == "3.26"
    assert tr("{frames:,} frames, {share:.1%}").format(frames=12345, share=0.125) == "12,345 frames, 12.5%"


def test_german_numbers_have_a_comma() -> None:
    with in_language("de"):
        assert number_text(3.256, ".2f") == "3,26"
        assert tr("Highest score {score:.2f}").format(score=np.float32(3.25)) == "Höchster Wert 3,25"
        assert duration_in_words(150.0) == "2,5 min"
        # Else a comma would mean both.
        assert tr("{count:,} to review").format(count=12345).startswith("12.345 ")


def test_what_is_no_number_stays_as_it_is() -> None:
    with in_language("de"):
        assert tr("Opening {archive} …").format(archive="site.archive").startswith("site.archive ")
        assert "0:58.120" in tr("{time} · frame {frame}").format(time="0:58.120", frame=7)


def test_nouns_keep_their_capital_where_a_sentence_begins() -> None:
    assert with_capital("dort seltene Bewegung") == "Dort seltene Bewegung"
    assert with_capital("") == ""
