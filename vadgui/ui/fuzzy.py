"""Finds what a person means by a few typed letters or words."""

from __future__ import annotations

from difflib import SequenceMatcher
from enum import IntEnum

_LEAST_LIKENESS = 0.75  # of a mistyped word: "exprot" is like "export" by 0.83
_LEAST_TYPED = 4  # letters; shorter words are like too many others


class _Fit(IntEnum):
    """How well a word fits, the best first."""

    BEGINS_NAME = 0
    BEGINS_WORD = 1
    IN_NAME = 2
    BEGINS_WORD_BESIDE = 3
    LETTERS_IN_ORDER = 5
    MISTYPED = 6


def rank(typed: str, name: str, beside: str = "") -> int | None:
    """How well a name fits to what was typed, 0 the best; None where one of its words does not fit at all.

    `beside` is what else is said of the thing, such as where it is found.
    """
    name_words, beside_words = name.lower().split(), beside.lower().split()
    ranks = [_fit(word, name.lower(), name_words, beside_words) for word in typed.lower().split()]
    fitting = [each for each in ranks if each is not None]
    return sum(fitting) if len(fitting) == len(ranks) else None


def _fit(typed: str, name: str, name_words: list[str], beside_words: list[str]) -> _Fit | None:
    if name.startswith(typed):
        return _Fit.BEGINS_NAME
    if any(word.startswith(typed) for word in name_words):
        return _Fit.BEGINS_WORD
    if typed in name:
        return _Fit.IN_NAME
    if any(word.startswith(typed) for word in beside_words):
        return _Fit.BEGINS_WORD_BESIDE
    if _has_in_order(name, typed):
        return _Fit.LETTERS_IN_ORDER
    is_long = len(typed) >= _LEAST_TYPED
    if is_long and any(SequenceMatcher(None, word, typed).ratio() >= _LEAST_LIKENESS for word in name_words):
        return _Fit.MISTYPED
    return None


def _has_in_order(name: str, typed: str) -> bool:
    """Whether a name has these letters in this order, the first one where a word of it begins."""
    begins = [n for n, letter in enumerate(name) if letter == typed[0] and (n == 0 or name[n - 1] == " ")]
    for begin in begins:
        letters = iter(name[begin:])
        if all(letter in letters for letter in typed):
            return True
    return False
