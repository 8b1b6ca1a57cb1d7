"""Bring the catalogues of translated texts up to date with the source: `python packaging/catalogues.py`.

New texts are added without a translation, texts that are gone are removed; then says what lacks a translation.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_file
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from engine.common.language import KEYWORDS, LANGUAGES, SOURCE_LANGUAGE  # noqa: E402

PARTS = {
    "vadgui": "window",
    "vadgui/archive": "archive",
    "vadgui/dialogs": "dialogs",
    "vadgui/recordings": "dialogs",
    "vadgui/segments": "dialogs",
    "vadgui/jobs": "dialogs",
    "vadgui/model": "dialogs",
    "vadgui/training": "training",
    "engine": "engine",
}
"""Catalogues by the folder whose texts they hold; a folder of its own takes precedence over the one around it."""

_METHODS = {".py": "python", ".html": "jinja2"}
_WIDTH = 120


def extracted() -> dict[str, Catalog]:
    """The texts of the source, by catalogue, in the order of files and lines."""
    found: dict[str, Catalog] = {part: Catalog() for part in PARTS.values()}
    for path in _sources():
        catalogue = found[_part(path.relative_to(ROOT))]
        for _, text, _, _ in extract_from_file(_METHODS[path.suffix], path, keywords=KEYWORDS):
            catalogue.add(text)
    return found


def catalogue_path(language: str, part: str) -> Path:
    """Where a catalogue is."""
    return ROOT / "resources" / "languages" / language / f"{part}.po"


def read_catalogue(path: Path, language: str) -> Catalog:
    """A catalogue; a new one where there is no file yet."""
    if not path.is_file():
        return Catalog(locale=language)
    with path.open("rb") as file:
        return read_po(file, locale=language)


def update(language: str) -> Iterator[str]:
    """Write the catalogues of a language anew; yields the texts that lack a translation."""
    for part, texts in extracted().items():
        path = catalogue_path(language, part)
        catalogue = read_catalogue(path, language)
        created = catalogue.creation_date
        catalogue.update(texts, no_fuzzy_matching=True)
        catalogue.project, catalogue.creation_date = "vadgui", created  # today's would change the file each time
        catalogue.obsolete.clear()
        if not len(catalogue):
            continue
        catalogue.header_comment = f"# Texts of vadgui in {LANGUAGES[language]}; see CONTRIBUTING.md."
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as file:
            write_po(file, catalogue, width=_WIDTH, no_location=True, sort_output=True)
        for message in catalogue:
            if message.id and not is_translated(message):
                yield f"{path.relative_to(ROOT)}: {message.id!r}"


def is_translated(message: Message) -> bool:
    """Whether each form of a text has its translation."""
    forms = (message.string,) if isinstance(message.string, str) else message.string
    return bool(forms) and all(forms or ()) and not message.fuzzy


def _sources() -> Iterator[Path]:
    for package in ("engine", "vadgui"):
        yield from sorted(path for path in (ROOT / package).rglob("*") if path.suffix in _METHODS)


def _part(path: Path) -> str:
    return next(PARTS[str(folder.as_posix())] for folder in path.parents if folder.as_posix() in PARTS)


if __name__ == "__main__":
    lacking = [text for language in LANGUAGES if language != SOURCE_LANGUAGE for text in update(language)]
    print("\n".join(lacking) or "Every text is translated.")
