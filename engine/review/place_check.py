"""Whether a review can be saved where a person says."""

from __future__ import annotations

import os
from pathlib import Path

from engine.common.errors import ReviewError
from engine.common.language import tr
from engine.common.names import displayable
from engine.common.paths import existing_folder, resolved
from engine.review.files import SUFFIX

_MOUNT_FOLDERS = (Path("/media"), Path("/mnt"), Path("/run/media"), Path("/Volumes"))
"""Disks that come and go are mounted in folders of these, which may stay behind empty."""


def check_place(path: Path) -> None:
    """Check that a person's choice is a name for a review, in a folder of a disk that is there.

    Raises:
        ReviewError: it is not.
    """
    if not path.name.removesuffix(SUFFIX).strip() or displayable(path.name) != path.name:
        raise ReviewError(
            tr("A review can't have this name"),
            subject=path,
            advice=tr("Give it a name without line ends and other characters that nobody sees."),
        )
    if place := _left_mount_point(resolved(path)):
        raise ReviewError(
            tr("The disk of this folder is not connected"),
            subject=place,
            advice=tr("Connect it again, or choose another folder: once back, it hides what was written meanwhile."),
        )


def _left_mount_point(path: Path) -> Path | None:
    """The empty folder above a file that a disk has left behind; None where there is none."""
    nearest = existing_folder(path.parent)
    above = next((each for each in map(resolved, _MOUNT_FOLDERS) if each in nearest.parents), None)
    if above is None:
        return None
    chain = [each for each in (nearest, *nearest.parents) if each.is_relative_to(above)]
    if any(os.path.ismount(each) for each in chain) or any(nearest.iterdir()):
        return None
    return nearest
