"""Texts in a person's language: they are English in the source, other languages are gettext catalogues.

`tr` translates a text where it is shown, placeholders are filled in afterwards: `tr("{count} left").format(count=3)`.
Numbers are filled in as the language writes them; those that stand alone are written by `number_text`.
A constant is marked with `tr_noop` where it stands and translated with `tr` where it is shown: its module may be
imported before the language is known.
"""

from __future__ import annotations

import gettext
import io
import os
import string
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from numbers import Real
from pathlib import Path

SOURCE_LANGUAGE = "en"
LANGUAGES = {SOURCE_LANGUAGE: "English", "de": "Deutsch"}
"""Languages by their code (ISO 639-1), each with the name that its speakers know."""

LANGUAGE_VARIABLE = "VADGUI_LANGUAGE"
"""The environment variable by which the window tells its child processes the language."""

KEYWORDS = {"tr": None, "tr_noop": None, "tr_n": (1, 2)}
"""The functions whose arguments are texts, as Babel's extraction takes them."""

_translations = gettext.NullTranslations()
_here: ContextVar[gettext.NullTranslations | None] = ContextVar("translations", default=None)
"""Instead of those of the process, where a piece of work has a language of its own."""


def tr(text: str) -> str:
    """A text in the language in use; the text itself where the catalogue lacks it."""
    return _text((_here.get() or _translations).gettext(text), text) if text else text


def tr_n(singular: str, plural: str, count: int) -> str:
    """The form of a text that the language in use takes for a count; "{count}" stays, to be filled in."""
    return _text((_here.get() or _translations).ngettext(singular, plural, count), "")


def with_capital(text: str) -> str:
    """A text that begins a sentence; `str.capitalize` would make all else small, the nouns of German too."""
    return text[:1].upper() + text[1:]


def number_text(value: float, spec: str) -> str:
    """A number by a format specification such as ".2f", as the language in use writes it."""
    return format(value, spec).translate(_signs(language_in_use()))


def scientific_text(value: float) -> str:
    """A number with two digits and its power of ten, as 2e-4 or 2.5e-4: how learning rates are written."""
    digits, _, exponent = f"{value:.1e}".partition("e")
    return f"{number_text(float(digits), 'g')}e{int(exponent)}"


@cache
def _signs(code: str) -> dict[int, str]:
    """What stands in a language for the point and the comma of Python's numbers; nothing where it is the same."""
    if code == SOURCE_LANGUAGE or code not in LANGUAGES:
        return {}
    from babel.numbers import get_decimal_symbol, get_group_symbol

    return {ord("."): get_decimal_symbol(code), ord(","): get_group_symbol(code)}


class _Formatter(string.Formatter):
    """Fills in numbers as the language in use writes them."""

    def format_field(self, value: object, format_spec: str) -> str:
        filled = format(value, format_spec)
        return filled.translate(_signs(language_in_use())) if isinstance(value, Real) else filled


class TranslatedText(str):
    """A translated text whose placeholders take numbers as its language writes them; it knows what it is made of."""

    __slots__ = ("source", "values")
    source: str
    """The English text; empty where it was one of several forms."""
    values: Mapping[str, object]
    """What was filled in, by placeholder."""

    @classmethod
    def of(cls, words: str, source: str, values: Mapping[str, object]) -> TranslatedText:
        """Words in the language in use, and what they are made of."""
        text = cls(words)
        text.source, text.values = source, values
        return text

    def __reduce__(self) -> tuple[type[str], tuple[str]]:
        """Copied into another process as a plain text: what was filled in may not be possible to copy."""
        return str, (str(self),)

    def format(self, *values: object, **named: object) -> TranslatedText:
        """The text with its placeholders filled in."""
        signs = _signs(language_in_use())
        words = _Formatter().vformat(self, values, named) if signs else super().format(*values, **named)
        return TranslatedText.of(words, self.source, named)


def _text(translated: str, source: str) -> str:
    """The translation; a plain text where it stands for itself."""
    is_itself = translated == source and "{" not in source
    return translated if is_itself else TranslatedText.of(translated, source, {})


def language_in_use() -> str:
    """The code of the language that texts are translated into."""
    return (_here.get() or _translations).info().get("language", SOURCE_LANGUAGE)


def tr_noop(text: str) -> str:
    """Mark a constant as a text to be translated where it is shown; returns it unchanged."""
    return text


def known_language(wanted: Iterable[str]) -> str:
    """The first of the languages wanted (codes such as "de" or "de-AT") that there is; English where there is none."""
    for each in wanted:
        code = each.replace("_", "-").split("-")[0].lower()
        if code in LANGUAGES:
            return code
    return SOURCE_LANGUAGE


def use_language(code: str) -> None:
    """Translate into the language of a code of `LANGUAGES` from now on, in the whole process."""
    use_translations(_translations_of(code))


def use_language_of_environment() -> None:
    """Translate into the language that the window has set for this child process; else texts stay as they are."""
    if code := os.environ.get(LANGUAGE_VARIABLE):
        use_language(known_language([code]))


def use_translations(translations: gettext.NullTranslations) -> None:
    """Translate by these from now on, in the whole process."""
    global _translations
    _translations = translations


@contextmanager
def in_language(code: str) -> Iterator[None]:
    """Translate into this language inside the block, in this thread: what is stored is English whatever is shown."""
    before = _here.set(_translations_of(code))
    try:
        yield
    finally:
        _here.reset(before)


def _translations_of(code: str) -> gettext.NullTranslations:
    from resources import catalogues

    return gettext.NullTranslations() if code == SOURCE_LANGUAGE else read_translations(catalogues(code))


def read_translations(paths: Sequence[Path]) -> gettext.NullTranslations:
    """The translations of some catalogues (PO files), as one."""
    from babel.messages.mofile import write_mo  # texts that stay English need nothing but the standard library
    from babel.messages.pofile import read_po

    merged = gettext.NullTranslations()
    for path in paths:
        compiled = io.BytesIO()
        with path.open("rb") as file:
            write_mo(compiled, read_po(file))
        compiled.seek(0)
        each = gettext.GNUTranslations(compiled)
        each.add_fallback(merged)
        merged = each
    return merged
