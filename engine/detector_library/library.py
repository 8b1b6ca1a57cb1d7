"""The folder of the user's detectors: adding, renaming, exporting, deleting."""

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
from engine.common.language import tr
from engine.common.names import displayable
from engine.common.paths import detectors_folder, resolved
from engine.detector_library.metadata import LibraryMetadata, MetadataFile
from engine.models.detector_header import DetectorHeader, Label, copy_labelled, read_header
from engine.scoring.calibration import Calibration
from engine.scoring.light_calibration import lights_in_words
from resources import bundled_detectors, detector_path

SUFFIX = ".safetensors"
_MAX_SLUG = 60
_RESERVED_ON_WINDOWS = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)$")


@dataclass(frozen=True)
class LibraryEntry:
    """A detector's file, and what can be read of it without loading its weights."""

    path: Path
    name: str
    note: str = ""
    camera: str = ""
    """The camera that the detector was made for, as the user named it."""
    created: str = ""
    """Date and time of training, ISO 8601 in UTC; empty if the file does not have it."""
    preset: str = ""
    teacher: str = ""
    calibrated: bool = False
    lights: tuple[str, ...] = ()
    """Of a detector of several lights: what each is and can promise."""
    is_bundled: bool = False
    """Whether it came with the program: it can be used and exported, but not changed."""
    is_listed: bool = True
    """Whether it is in the library: of another file only the facts can be read."""
    training: dict[str, Any] = field(default_factory=dict)
    """The training record of its file: "videos" (names), "transitions", "motion_epochs", ..."""
    fingerprint: str = ""
    problem: str = ""
    """Why the file can't be used; empty if its header is valid."""

    def training_videos(self) -> list[str]:
        """Names of the videos that it was trained on, without those that were held out completely."""
        held_out, partly_held_out = (self.training.get(key, ()) for key in ("held_out", "held_out_since"))
        videos = self.training.get("videos", [])
        return [str(video) for video in videos if video not in held_out or video in partly_held_out]


class DetectorLibrary:
    """The detectors of a folder, which people and several processes may change at any time, and the bundled ones.

    Methods that change the library raise DetectorFileError if the folder can't be written.
    """

    def __init__(self, folder: Path | None = None) -> None:
        """The library in `folder`, by default in the user's detectors folder; the folder need not exist yet."""
        self.folder = folder or detectors_folder()
        self._metadata_file = MetadataFile(self.folder)

    def entries(self) -> list[LibraryEntry]:
        """The user's detectors by name, then the bundled ones; damaged files are included, with their `problem`."""
        return self._entries(self._metadata_file.read())

    def find(self, name: str) -> LibraryEntry | None:
        """Find a detector by its name, ignoring case, or by its file name; the user's own come before the bundled ones.

        Raises:
            DetectorFileError: several detectors have that name.
        """
        entries = self.entries()
        for bundled in (False, True):
            group = [entry for entry in entries if entry.is_bundled is bundled]
            matches = _named(group, name) or [entry for entry in group if entry.path.stem == name]
            if len(matches) > 1:
                raise DetectorFileError(
                    tr("{count} detectors have this name").format(count=len(matches)),
                    subject=name,
                    advice=tr("Rename one, or name the file: {paths}.").format(
                        paths=", ".join(str(entry.path) for entry in matches)
                    ),
                )
            if matches:
                return matches[0]
        return None

    def entry(self, path: Path) -> LibraryEntry:
        """The entry of a file in the library.

        Raises:
            DetectorFileError: it is not in the library.
        """
        return _entry_of(self.entries(), path)

    # Changes

    def add(
        self, path: Path, *, name: str | None = None, note: str | None = None, camera: str | None = None
    ) -> LibraryEntry:
        """Copy a detector's file into the library; name, note and camera default to those in the file.

        Raises:
            DetectorFileError: the file is not an undamaged detector, is in the library already, or the name is taken.
        """
        from engine.models.detector import load_detector

        load_detector(path)
        header = read_header(path)
        with self._metadata_file.change() as metadata:
            entries = self._entries(metadata)
            for entry in entries:
                if entry.fingerprint == header.fingerprint and not entry.problem:
                    raise DetectorFileError(
                        tr("This detector is in the library already, as {name!r}").format(name=entry.name),
                        subject=path,
                        advice=tr("Use that one; its name and note can be changed."),
                    )
            current = _label_of(header, metadata)
            label = Label(
                _unused_name(current.name, entries) if name is None else _checked_name(name, entries),
                current.note if note is None else _as_text(note),
                current.camera if camera is None else _as_text(camera),
            )
            target = self._unused_library_path(label.name)
            with path.open("rb") as source, atomic_write(target) as copy:
                shutil.copyfileobj(source, copy)
            metadata.labels[header.fingerprint] = label
        return self.entry(target)

    def import_(self, path: Path, *, name: str | None = None) -> LibraryEntry:
        """Add a file that was exported from another library, with its name, note and camera.

        Raises:
            DetectorFileError: the file is not an undamaged detector, is in the library already, or the name is taken.
        """
        return self.add(path, name=name)

    def rename(self, path: Path, name: str) -> LibraryEntry:
        """Rename a detector; its file and its analyses do not change.

        Raises:
            DetectorFileError: the detector is bundled or damaged, or the name is taken.
        """
        return self._relabel(path, name=name)

    def annotate(self, path: Path, *, note: str | None = None, camera: str | None = None) -> LibraryEntry:
        """Change a detector's note, or the camera it was made for.

        Raises:
            DetectorFileError: the detector is bundled or damaged.
        """
        return self._relabel(path, note=note, camera=camera)

    def export(self, path: Path, target: Path, *, overwrite: bool = False) -> Path:
        """Copy a detector to a file that includes its name, note and camera; returns the path of that file.

        If `target` is a folder, the file is named after the detector.

        Raises:
            DetectorFileError: the detector's file is damaged, or `target` exists already or can't be written.
        """
        entry = _require_intact(self.entry(path))
        if target.is_dir():
            target = target / f"{_slug(entry.name)}{SUFFIX}"
        if target.exists() and (not overwrite or target.samefile(entry.path)):
            raise DetectorFileError(
                tr("There is such a file already"), subject=target, advice=tr("Choose another name.")
            )
        try:
            copy_labelled(entry.path, target, Label(entry.name, entry.note, entry.camera))
        except OSError as error:
            raise DetectorFileError(
                tr("The detector can't be exported there"),
                subject=target,
                advice=tr("Choose another folder ({reason}).").format(reason=error.strerror),
            ) from error
        return target

    def delete(self, path: Path) -> Path:
        """Move a detector's file to the library's subfolder "deleted", from where it can be imported again.

        Raises:
            DetectorFileError: the detector is bundled, or not in the library.
        """
        with self._metadata_file.change() as metadata:
            entry = _require_user_owned(_entry_of(self._entries(metadata), path))
            deleted = self.folder / "deleted"
            deleted.mkdir(exist_ok=True)
            target = _unused_path(deleted, entry.path.stem)
            entry.path.replace(target)
        return target

    def _relabel(self, path: Path, name: str | None = None, **changes: str | None) -> LibraryEntry:
        with self._metadata_file.change() as metadata:
            entries = self._entries(metadata)
            entry = _require_intact(_require_user_owned(_entry_of(entries, path)))
            others = [other for other in entries if other.fingerprint != entry.fingerprint]
            label = Label(entry.name if name is None else _checked_name(name, others), entry.note, entry.camera)
            given = {key: _as_text(value) for key, value in changes.items() if value is not None}
            metadata.labels[entry.fingerprint] = replace(label, **given)
        return self.entry(path)

    # Files

    def _entries(self, metadata: LibraryMetadata) -> list[LibraryEntry]:
        try:
            files = [file for file in self.folder.glob(f"*{SUFFIX}") if not file.name.startswith(".")]
        except OSError:
            files = []
        user_entries = [_read_entry(file, metadata, is_bundled=False) for file in files]
        bundled = [_read_entry(detector_path(name), metadata, is_bundled=True) for name in bundled_detectors()]
        return sorted(user_entries, key=lambda entry: (_casefolded(entry.name), entry.path)) + bundled

    def _unused_library_path(self, name: str) -> Path:
        return _unused_path(self.folder, _slug(name))


def file_entry(path: Path) -> LibraryEntry:
    """What can be read of a detector's file that is not in the library."""
    return replace(_read_entry(path, LibraryMetadata(), is_bundled=False), is_listed=False)


def find_detector(text: str) -> Path | None:
    """Find a detector's file by path or name: a file comes first, then the user's detectors, then the bundled ones.

    Raises:
        DetectorFileError: several of the user's detectors have that name.
    """
    try:
        if Path(text).is_file():
            return Path(text)
    except (OSError, ValueError):  # the text is too long for a path, or a folder in it is not accessible
        pass
    entry = DetectorLibrary().find(text)
    return entry.path if entry else None


def detector_name(path: Path) -> str | None:
    """A name by which `find_detector` finds this file; None if it is not in the library or has no unique name."""
    if path.suffix != SUFFIX:
        return None
    library = DetectorLibrary()
    try:
        entry = library.entry(path)
        for name in (path.stem, entry.name) if entry.is_bundled else (entry.name, path.stem):
            match = library.find(name)
            if match and match.path == entry.path:
                return name
    except DetectorFileError:  # not in the library, or several detectors have the name
        pass
    return None


def _read_entry(path: Path, metadata: LibraryMetadata, *, is_bundled: bool) -> LibraryEntry:
    try:
        return _intact_entry(path, metadata, is_bundled=is_bundled)
    except DetectorFileError as error:
        problem = f"{error.what}."
    except Exception as error:  # one odd file must not hide all others
        problem = tr("The file can't be understood ({kind}).").format(kind=type(error).__name__)
    return LibraryEntry(path, displayable(path.stem), is_bundled=is_bundled, problem=problem)


def _intact_entry(path: Path, metadata: LibraryMetadata, *, is_bundled: bool) -> LibraryEntry:
    header = read_header(path)
    settings = header.settings
    training = settings.get("training")
    label = _label_of(header, metadata)
    return LibraryEntry(
        path,
        name=label.name or displayable(path.stem),
        note=label.note,
        camera=label.camera,
        created=str(settings.get("created", "")),
        preset=str(settings.get("preset", "")),
        teacher=str(settings.get("teacher", "")),
        calibrated=bool(settings.get("calibration")),
        lights=_lights_of(settings.get("calibration")),
        is_bundled=is_bundled,
        training=training if isinstance(training, dict) else {},
        fingerprint=header.fingerprint,
    )


def _lights_of(calibration: object) -> tuple[str, ...]:
    if not isinstance(calibration, dict) or not calibration.get("other_lights"):
        return ()
    try:
        found = Calibration.from_json(calibration)
        return tuple(lights_in_words(found.lights, unreviewed=found.unreviewed))
    except (TypeError, ValueError):
        return ()  # loading the detector tells what is wrong


def _label_of(header: DetectorHeader, metadata: LibraryMetadata) -> Label:
    """The detector's label: from the library, else from the exported file, else with the name in its settings."""
    label = metadata.labels.get(header.fingerprint, header.label)
    name = displayable(label.name or str(header.settings.get("name", "")))
    return Label(name, _as_text(label.note), _as_text(label.camera))


def _entry_of(entries: Iterable[LibraryEntry], path: Path) -> LibraryEntry:
    for entry in entries:
        if entry.path == path or resolved(entry.path) == resolved(path):
            return entry
    raise DetectorFileError(
        tr("This detector is not in the library"),
        subject=path,
        advice=tr("It may have been deleted or moved; list them anew."),
    )


def _require_user_owned(entry: LibraryEntry) -> LibraryEntry:
    if entry.is_bundled:
        raise DetectorFileError(
            tr("A detector that came with the program can't be changed"),
            subject=entry.name,
            advice=tr("Your own can: a training makes one of your footage."),
        )
    return entry


def _require_intact(entry: LibraryEntry) -> LibraryEntry:
    if entry.problem:
        raise DetectorFileError(
            entry.problem, subject=entry.path, advice=tr("Copy the file again from where it came from, or delete it.")
        )
    return entry


def _as_text(note: str) -> str:
    return "\n".join(map(displayable, note.strip().splitlines()))


def _casefolded(text: str) -> str:
    return text.strip().casefold()


def _named(entries: Iterable[LibraryEntry], name: str) -> list[LibraryEntry]:
    return [entry for entry in entries if _casefolded(entry.name) == _casefolded(name)]


def _checked_name(name: str, others: Iterable[LibraryEntry]) -> str:
    name = displayable(" ".join(name.split()))
    if not name:
        raise DetectorFileError(tr("A detector needs a name"), advice=tr("Name it after its camera, for example."))
    if _named(others, name):
        raise DetectorFileError(
            tr("There is a detector of this name already"), subject=name, advice=tr("Choose another name.")
        )
    return name


def _unused_name(name: str, others: list[LibraryEntry]) -> str:
    name = displayable(" ".join(name.split())) or "Detector"
    numbered = (name if number == 1 else f"{name} ({number})" for number in count(1))
    return next(candidate for candidate in numbered if not _named(others, candidate))


def _slug(name: str) -> str:
    """A file name for a detector's name that is valid on every file system."""
    slug = re.sub(r"[^\w-]+", "-", name.lower()).strip("-_")[:_MAX_SLUG]
    return f"{slug}-detector" if _RESERVED_ON_WINDOWS.match(slug) else slug or "detector"


def _unused_path(folder: Path, stem: str) -> Path:
    numbered = (folder / (f"{stem}{SUFFIX}" if number == 1 else f"{stem}-{number}{SUFFIX}") for number in count(1))
    return next(path for path in numbered if not path.exists())
