"""The folder of a person's detectors: add, name, pass on, delete."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path
from typing import Any

from engine.common.atomic_write import atomic_write
from engine.common.errors import DetectorFileError
from engine.common.paths import detectors_folder
from engine.detector_library.metadata import LibraryMetadata, MetadataFile
from engine.models.detector_header import DetectorHeader, Label, copy_labelled, read_header
from resources import bundled_detectors, detector_path

SUFFIX = ".safetensors"
_MAX_SLUG = 60
_RESERVED_ON_WINDOWS = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)$")


@dataclass(frozen=True)
class LibraryEntry:
    """A detector, and what is known of it without loading it."""

    path: Path
    name: str
    note: str = ""
    camera: str = ""
    """The camera it was made for, in the person's words."""
    created: str = ""
    """Date and time, ISO 8601 in UTC; empty where the file does not tell."""
    preset: str = ""
    teacher: str = ""
    calibrated: bool = False
    is_bundled: bool = False
    """Came with the program: can be used and exported, not changed."""
    training: dict[str, Any] = field(default_factory=dict)
    """How it was trained, as its file records it: "videos" (names), "transitions", "motion_epochs", ..."""
    fingerprint: str = ""
    problem: str = ""
    """Why its file can't be used; empty where it looks whole."""

    def learnt_from(self) -> list[str]:
        """Names of the videos that it was taught with, without those that it was only judged by."""
        held_out, in_part = (self.training.get(key, ()) for key in ("held_out", "held_out_since"))
        return [str(video) for video in self.training.get("videos", []) if video not in held_out or video in in_part]


class DetectorLibrary:
    """The detectors of a folder, changed by hand or by several processes as it may be, and the bundled ones.

    All methods that change something raise DetectorFileError where the folder can't be written.
    """

    def __init__(self, folder: Path | None = None) -> None:
        """The library in `folder`, else in the one of this person; it need not exist."""
        self.folder = folder or detectors_folder()
        self._memory = MetadataFile(self.folder)

    def entries(self) -> list[LibraryEntry]:
        """The person's detectors by name, then the bundled ones; damaged files are among them, with their problem."""
        return self._entries(self._memory.read())

    def find(self, name: str) -> LibraryEntry | None:
        """The detector of a name, upper case or lower; the person's own go before the bundled ones.

        Raises:
            DetectorFileError: several have that name.
        """
        entries = self.entries()
        for group in (False, True):
            own = [entry for entry in entries if entry.is_bundled is group]
            found = _named(own, name) or [entry for entry in own if entry.path.stem == name]
            if len(found) > 1:
                raise DetectorFileError(
                    f"{len(found)} detectors have this name",
                    subject=name,
                    advice=f"Rename one, or name the file: {', '.join(str(entry.path) for entry in found)}.",
                )
            if found:
                return found[0]
        return None

    def entry(self, path: Path) -> LibraryEntry:
        """The entry of a file.

        Raises:
            DetectorFileError: it is not in the library.
        """
        return _entry_of(self.entries(), path)

    # Changes

    def add(
        self, path: Path, *, name: str | None = None, note: str | None = None, camera: str | None = None
    ) -> LibraryEntry:
        """Copy a detector's file into the library; what is not said is taken from the file.

        Raises:
            DetectorFileError: the file is no whole detector, is here already, or the name is taken.
        """
        from engine.models.detector import load_detector

        load_detector(path)
        header = read_header(path)
        with self._memory.change() as metadata:
            entries = self._entries(metadata)
            for entry in entries:
                if entry.fingerprint == header.fingerprint and not entry.problem:
                    raise DetectorFileError(
                        f"This detector is in the library already, as {entry.name!r}",
                        subject=path,
                        advice="Use that one; its name and note can be changed.",
                    )
            known = _known_label(header, metadata)
            label = Label(
                _free_name(known.name, entries) if name is None else _checked_name(name, entries),
                known.note if note is None else note.strip(),
                known.camera if camera is None else camera.strip(),
            )
            target = self._free_path(label.name)
            with path.open("rb") as source, atomic_write(target) as copy:
                shutil.copyfileobj(source, copy)
            metadata.labels[header.fingerprint] = label
        return self.entry(target)

    def import_(self, path: Path, *, name: str | None = None) -> LibraryEntry:
        """Take in a file that somebody passed on, under the name, note and camera it was exported with.

        Raises:
            DetectorFileError: the file is no whole detector, is here already, or the name is taken.
        """
        return self.add(path, name=name)

    def rename(self, path: Path, name: str) -> LibraryEntry:
        """Give a detector another name; its file and its analyses stay what they are.

        Raises:
            DetectorFileError: it can't be changed, or the name is taken.
        """
        return self._relabel(path, name=name)

    def annotate(self, path: Path, *, note: str | None = None, camera: str | None = None) -> LibraryEntry:
        """Change a detector's note, or the camera it was made for.

        Raises:
            DetectorFileError: it can't be changed.
        """
        return self._relabel(path, note=note, camera=camera)

    def export(self, path: Path, target: Path, *, overwrite: bool = False) -> Path:
        """Copy a detector into one file that carries its name, note and camera along; returns that file.

        A folder as `target` gets a file named after the detector.

        Raises:
            DetectorFileError: its file is damaged, `target` is there already or can't be written.
        """
        entry = _whole(self.entry(path))
        if target.is_dir():
            target = target / f"{_slug(entry.name)}{SUFFIX}"
        if target.exists() and (not overwrite or target.samefile(entry.path)):
            raise DetectorFileError("There is such a file already", subject=target, advice="Choose another name.")
        try:
            copy_labelled(entry.path, target, Label(entry.name, entry.note, entry.camera))
        except OSError as error:
            raise DetectorFileError(
                "The detector can't be exported there",
                subject=target,
                advice=f"Choose another folder ({error.strerror}).",
            ) from error
        return target

    def delete(self, path: Path) -> Path:
        """Move a detector's file to the library's folder "deleted", from where it can be imported again.

        Raises:
            DetectorFileError: it is bundled, or not in the library.
        """
        with self._memory.change() as metadata:
            entry = _own(_entry_of(self._entries(metadata), path))
            deleted = self.folder / "deleted"
            deleted.mkdir(exist_ok=True)
            target = _free(deleted, entry.path.stem)
            entry.path.replace(target)
        return target

    def _relabel(self, path: Path, name: str | None = None, **changes: str | None) -> LibraryEntry:
        with self._memory.change() as metadata:
            entries = self._entries(metadata)
            entry = _whole(_own(_entry_of(entries, path)))
            others = [other for other in entries if other.fingerprint != entry.fingerprint]
            label = Label(entry.name if name is None else _checked_name(name, others), entry.note, entry.camera)
            given = {key: value.strip() for key, value in changes.items() if value is not None}
            metadata.labels[entry.fingerprint] = replace(label, **given)
        return self.entry(path)

    # Files

    def _entries(self, metadata: LibraryMetadata) -> list[LibraryEntry]:
        try:
            files = [file for file in self.folder.glob(f"*{SUFFIX}") if not file.name.startswith(".")]
        except OSError:
            files = []
        own = [_look_at(file, metadata, is_bundled=False) for file in files]
        bundled = [_look_at(detector_path(name), metadata, is_bundled=True) for name in bundled_detectors()]
        return sorted(own, key=lambda entry: (_key(entry.name), entry.path)) + bundled

    def _free_path(self, name: str) -> Path:
        return _free(self.folder, _slug(name))


def find_detector(text: str) -> Path | None:
    """The file of a detector that a person names: a file goes first, then their own detectors, then bundled ones.

    Raises:
        DetectorFileError: several detectors of their own have that name.
    """
    try:
        if Path(text).is_file():
            return Path(text)
    except (OSError, ValueError):  # too long for a path, or in a folder that may not be entered
        pass
    entry = DetectorLibrary().find(text)
    return entry.path if entry else None


def detector_name(path: Path) -> str | None:
    """What `find_detector` finds a detector of the library or a bundled one by; None for any other file."""
    if path.suffix != SUFFIX:
        return None
    library = DetectorLibrary()
    try:
        entry = library.entry(path)
        for name in (path.stem, entry.name) if entry.is_bundled else (entry.name, path.stem):
            found = library.find(name)
            if found and found.path == entry.path:
                return name
    except DetectorFileError:  # not in the library, or several have the name
        pass
    return None


def _look_at(path: Path, metadata: LibraryMetadata, *, is_bundled: bool) -> LibraryEntry:
    try:
        header = read_header(path)
    except DetectorFileError as error:
        return LibraryEntry(path, path.stem, is_bundled=is_bundled, problem=f"{error.what}.")
    settings = header.settings
    training = settings.get("training")
    label = _known_label(header, metadata)
    return LibraryEntry(
        path,
        name=label.name or path.stem,
        note=label.note,
        camera=label.camera,
        created=str(settings.get("created", "")),
        preset=str(settings.get("preset", "")),
        teacher=str(settings.get("teacher", "")),
        calibrated=bool(settings.get("calibration")),
        is_bundled=is_bundled,
        training=training if isinstance(training, dict) else {},
        fingerprint=header.fingerprint,
    )


def _known_label(header: DetectorHeader, metadata: LibraryMetadata) -> Label:
    """What the library calls it, else what whoever passed it on did, else what it was trained as."""
    label = metadata.labels.get(header.fingerprint, header.label)
    return label if label.name else replace(label, name=str(header.settings.get("name", "")))


def _entry_of(entries: Iterable[LibraryEntry], path: Path) -> LibraryEntry:
    for entry in entries:
        if entry.path == path or entry.path.resolve() == path.resolve():
            return entry
    raise DetectorFileError(
        "This detector is not in the library", subject=path, advice="It may have been deleted or moved; list them anew."
    )


def _own(entry: LibraryEntry) -> LibraryEntry:
    if entry.is_bundled:
        raise DetectorFileError(
            "A detector that came with the program can't be changed",
            subject=entry.name,
            advice="Your own can: a training makes one of your footage.",
        )
    return entry


def _whole(entry: LibraryEntry) -> LibraryEntry:
    if entry.problem:
        raise DetectorFileError(
            entry.problem, subject=entry.path, advice="Copy the file again from where it came from, or delete it."
        )
    return entry


def _key(text: str) -> str:
    return text.strip().casefold()


def _named(entries: Iterable[LibraryEntry], name: str) -> list[LibraryEntry]:
    return [entry for entry in entries if _key(entry.name) == _key(name)]


def _checked_name(name: str, others: Iterable[LibraryEntry]) -> str:
    name = " ".join(name.split())
    if not name:
        raise DetectorFileError("A detector needs a name", advice="Name it after its camera, for example.")
    if _named(others, name):
        raise DetectorFileError("There is a detector of this name already", subject=name, advice="Choose another name.")
    return name


def _free_name(name: str, others: list[LibraryEntry]) -> str:
    name = " ".join(name.split()) or "Detector"
    numbered = (name if number == 1 else f"{name} ({number})" for number in count(1))
    return next(candidate for candidate in numbered if not _named(others, candidate))


def _slug(name: str) -> str:
    """A file name for a name, safe on every file system."""
    slug = re.sub(r"[^\w-]+", "-", name.lower()).strip("-_")[:_MAX_SLUG]
    return f"{slug}-detector" if _RESERVED_ON_WINDOWS.match(slug) else slug or "detector"


def _free(folder: Path, stem: str) -> Path:
    numbered = (folder / (f"{stem}{SUFFIX}" if number == 1 else f"{stem}-{number}{SUFFIX}") for number in count(1))
    return next(path for path in numbered if not path.exists())
