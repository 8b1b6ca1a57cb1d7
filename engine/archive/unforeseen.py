"""What is told of an error at the work on one recording that nobody foresaw there; the others go on."""

from __future__ import annotations

from pathlib import Path

from engine.common.errors import VadError
from engine.common.language import tr
from engine.common.memory import is_out_of_memory, out_of_memory_error
from engine.video.decoder import unreadable


def unforeseen_error(path: Path, error: Exception) -> VadError:
    """The error in words: whether memory, the disk or share, or the program is at fault."""
    if is_out_of_memory(error):
        return out_of_memory_error(path)
    if isinstance(error, OSError):
        return unreadable(path, error)
    return VadError(tr("Something unexpected went wrong"), subject=path, advice=repr(error))
