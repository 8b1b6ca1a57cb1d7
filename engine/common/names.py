"""Names of files for people and for files made of them: names may hold bytes that are no text, and be of any length."""

from __future__ import annotations

import hashlib
import os
import unicodedata
from contextlib import suppress
from pathlib import Path

MAX_NAME_BYTES = 255
"""What file systems allow for one name."""

_HASH_DIGITS = 8
_JOINERS = "\u200c\u200d"  # Persian and Indian scripts need them


def displayable(name: str | Path) -> str:
    """A name or path as text that can be drawn, printed and stored: what is no text in it is written as \\xe9.

    Bytes that are not UTF-8 reach Python as lone surrogates, which no encoder or font takes. Control characters, line
    ends and marks that turn the direction of text would make a name look like another.
    """
    text = str(name)
    if text.isprintable():  # nearly always; lone surrogates are not printable
        return text
    return "".join(map(_displayable_character, text))


def _displayable_character(character: str) -> str:
    if character.isprintable() or character in _JOINERS or unicodedata.category(character) in ("Zs", "Cn", "Co"):
        return character
    if "\udc80" <= character <= "\udcff":
        return f"\\x{ord(character) - 0xDC00:02x}"
    code = ord(character)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def of_displayable(path: Path) -> Path:
    """The file that a displayable path means, where its names are no text; the path itself where there is none."""
    found = Path(path.anchor)
    for part in path.relative_to(path.anchor).parts:
        name = part
        if not os.path.lexists(found / part):
            with suppress(OSError):
                name = next((each.name for each in found.iterdir() if displayable(each.name) == part), part)
        found /= name
    return found


def fitting_name(stem: str, suffix: str) -> str:
    """`stem` + `suffix` as a new file's name, displayable; a stem that is too long is cut, and told apart by a hash."""
    if stem != displayable(stem):
        stem = displayable(stem).replace("\\", "_")
    if name_bytes(stem + suffix) <= MAX_NAME_BYTES:
        return stem + suffix
    return cut_name(stem, MAX_NAME_BYTES - name_bytes(suffix)) + suffix


def cut_name(name: str, room_bytes: int) -> str:
    """A name of so many bytes at the most; one that is cut is told apart by a hash."""
    if name_bytes(name) <= room_bytes:
        return name
    digest = hashlib.sha256(os.fsencode(name)).hexdigest()[:_HASH_DIGITS]
    while name_bytes(name) > room_bytes - _HASH_DIGITS - 1:
        name = name[:-1]
    return f"{name}-{digest}"


def name_bytes(name: str) -> int:
    """How many bytes of a file system's limit a name takes."""
    return len(os.fsencode(name))
