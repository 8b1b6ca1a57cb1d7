"""Every text that is marked in the source has its translation, with the same placeholders."""

from __future__ import annotations

import ast
import importlib.util
import re
import string
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
from babel.messages.catalog import Catalog, Message

from engine.common.language import KEYWORDS, LANGUAGES, SOURCE_LANGUAGE, known_language, tr, tr_n, use_language

ROOT = Path(__file__).parents[2]
OTHERS = [language for language in LANGUAGES if language != SOURCE_LANGUAGE]


def load_script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("catalogues", ROOT / "packaging" / "catalogues.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


catalogues = load_script()


@pytest.fixture
def german() -> Iterator[None]:
    use_language("de")
    yield
    use_language(SOURCE_LANGUAGE)


def translated(language: str, part: str) -> Catalog:
    return catalogues.read_catalogue(catalogues.catalogue_path(language, part), language)


def forms(text: str | list[str] | tuple[str, ...]) -> list[str]:
    return [text] if isinstance(text, str) else list(text)


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


@pytest.fixture(scope="module")
def extracted() -> dict[str, Catalog]:
    return catalogues.extracted()


@pytest.mark.parametrize("language", OTHERS)
@pytest.mark.parametrize("part", sorted(set(catalogues.PARTS.values())))
def test_every_text_has_its_translation(language: str, part: str, extracted: dict[str, Catalog]) -> None:
    texts, catalogue = extracted[part], translated(language, part)
    found = {each.id: catalogue.get(key(each)) for each in texts if each.id}
    missing = [text for text, message in found.items() if message is None or not catalogues.is_translated(message)]
    assert missing == [], "translate them: python packaging/catalogues.py"
    gone = [each.id for each in catalogue if each.id and texts.get(key(each)) is None]
    assert gone == [], "remove them: python packaging/catalogues.py"


def key(message: Message) -> str:
    return forms(message.id)[0]


@pytest.mark.parametrize("language", OTHERS)
def test_translations_have_the_placeholders_of_the_text(language: str) -> None:
    for part in set(catalogues.PARTS.values()):
        for message in translated(language, part):
            wanted = set().union(*map(placeholders, forms(message.id)))
            for text in forms(message.string) if message.id else []:
                assert placeholders(text) <= wanted, message.id
                assert placeholders(text) == wanted or len(forms(message.id)) > 1, message.id
                assert outer_space(text) == outer_space(key(message)), message.id


def outer_space(text: str) -> tuple[str, str]:
    return re.match(r"\s*", text)[0], re.search(r"\s*$", text)[0]  # type: ignore[index]


@pytest.mark.parametrize("language", OTHERS)
def test_a_text_is_translated_alike_everywhere(language: str) -> None:
    known: dict[str, list[str]] = {}
    for part in sorted(set(catalogues.PARTS.values())):
        for message in translated(language, part):
            if message.id:
                found = forms(message.string)
                before = known.setdefault(key(message), found)
                # Where a text has no plural in one part, its singular is to be that of the others.
                assert all(one == other for one, other in zip(before, found, strict=False)), message.id


def test_no_text_stands_in_an_f_string() -> None:
    """Babel finds those on some versions of Python alone."""
    hidden = [
        f"{path.relative_to(ROOT)}:{call.lineno}"
        for package in ("engine", "vadgui")
        for path in (ROOT / package).rglob("*.py")
        for formatted in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(formatted, ast.JoinedStr)
        for call in ast.walk(formatted)
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id in KEYWORDS
        if isinstance(call.args[0], ast.Constant)
    ]
    assert hidden == []


@pytest.mark.usefixtures("german")
def test_texts_without_a_translation_stay_english() -> None:
    assert tr("Nobody translates this.") == "Nobody translates this."
    assert tr_n("{count} nobody", "{count} nobodies", 2) == "{count} nobodies"
    assert tr("") == ""


@pytest.mark.parametrize(
    ("wanted", "code"),
    [(["de-AT", "en"], "de"), (["fr-FR", "de"], "de"), (["fr"], "en"), ([], "en"), (["en_GB"], "en")],
)
def test_the_first_known_language_of_a_person_is_taken(wanted: list[str], code: str) -> None:
    assert known_language(wanted) == code


def test_german_has_one_word_for_unreviewed_and_one_for_flagged() -> None:
    words = {r"\bunreviewed\b": "unbeurteilt", r"\bflag(s|ged)?\b": "markier"}
    for part in sorted(set(catalogues.PARTS.values())):
        for message in translated("de", part):
            pairs = zip(forms(message.id), forms(message.string), strict=True) if message.id else ()
            for english, translation in pairs:
                for pattern, word in words.items():
                    if re.search(pattern, english.replace("&", ""), re.IGNORECASE):
                        assert word in translation.replace("&", "").lower(), english
