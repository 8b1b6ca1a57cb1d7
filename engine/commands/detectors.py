"""`vad detectors`: the detectors of the user's library, and those bundled with the program."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from engine.common.errors import DetectorFileError
from engine.detector_library import DetectorLibrary, LibraryEntry

_Command = Callable[..., None]


def _detector(function: _Command) -> _Command:
    return click.argument("detector", metavar="DETECTOR")(function)


def _camera_option(text: str) -> Callable[[_Command], _Command]:
    return click.option("--camera", help=text)


@click.group(short_help="List, name, export, import and delete your detectors.")
def detectors() -> None:
    """Your detectors, and those that came with the program.

    DETECTOR is a name out of `vad detectors list`, or the path of a file in the library. Every --detector option takes
    these names too. The library is a folder among your data; the environment variable VADGUI_DETECTORS names another.
    """


@detectors.command("list")
@click.option("--json", "as_json", is_flag=True, help="For programs: one JSON object on stdout.")
def list_(as_json: bool) -> None:
    """List all detectors with camera, date, training and calibration."""
    library = DetectorLibrary()
    entries = library.entries()
    if as_json:
        content = {"folder": str(library.folder), "detectors": [_as_dict(entry) for entry in entries]}
        click.echo(json.dumps(content, indent=2))
        return
    for entry in entries:
        click.echo(f"{entry.name} (came with the program as {entry.path.stem})" if entry.is_bundled else entry.name)
        for line in _lines(entry):
            click.echo(f"  {line}")
    if all(entry.is_bundled for entry in entries):
        click.echo(f"You have none of your own yet: `vad train` makes one. They will be in {library.folder}")


@detectors.command("import", short_help="Copy a detector into the library.")
@click.argument("file", metavar="FILE", type=click.Path(path_type=Path))
@click.option("--name", help="What to call it; by default what it was called where it was exported.")
@click.option("--note", help="A note to keep with it.")
@_camera_option("The camera it is made for.")
def import_(file: Path, name: str | None, note: str | None, camera: str | None) -> None:
    """Copy a detector into the library: an exported file, or what a training run made.

    FILE may be a training run's folder.
    """
    entry = DetectorLibrary().add(_detector_of_run(file), name=name, note=note, camera=camera)
    click.echo(f"{entry.name} -> {entry.path}")


@detectors.command(short_help="Give a detector another name, note or camera.")
@_detector
@click.argument("name", metavar="[NAME]", required=False)
@click.option("--note", help="A note to keep with it, instead of the one it has.")
@_camera_option("The camera it is made for.")
def rename(detector: str, name: str | None, note: str | None, camera: str | None) -> None:
    """Give a detector another NAME, note or camera; analyses made with it stay valid."""
    if name is None and note is None and camera is None:
        raise click.UsageError("Give a NAME, --note or --camera.")
    library = DetectorLibrary()
    entry = _find(library, detector)
    if name is not None:
        entry = library.rename(entry.path, name)
    if note is not None or camera is not None:
        entry = library.annotate(entry.path, note=note, camera=camera)
    click.echo(f"{entry.name}: {'; '.join(_lines(entry))}")


@detectors.command(short_help="Copy a detector into one file to pass on.")
@_detector
@click.argument("target", metavar="TARGET", type=click.Path(path_type=Path))
@click.option("--force", is_flag=True, help="Replace a file that is there already.")
def export(detector: str, target: Path, force: bool) -> None:
    """Copy a detector into one file to pass on; name, note and camera travel with it.

    TARGET is a file, or a folder that gets one named after the detector.
    """
    library = DetectorLibrary()
    click.echo(str(library.export(_find(library, detector).path, target, overwrite=force)))


@detectors.command(hidden=True, context_settings={"ignore_unknown_options": True})
@click.argument("_given", nargs=-1)
def activate(_given: tuple[str, ...]) -> None:
    """Report that this command was removed."""
    raise click.UsageError(
        "Detectors are not activated any more, for nothing went by it. Name one with --detector; the window begins "
        "with the one used last."
    )


@detectors.command()
@_detector
@click.option(
    "--force", is_flag=True, hidden=True, expose_value=False
)  # earlier versions required it, and scripts still pass it
def delete(detector: str) -> None:
    """Take a detector out of the library.

    Its file goes to the library's folder "deleted", from where it can be imported again.
    """
    library = DetectorLibrary()
    entry = _find(library, detector)
    click.echo(f"{entry.name} -> {library.delete(entry.path)}")


def _find(library: DetectorLibrary, text: str) -> LibraryEntry:
    entry = library.find(text)
    if entry is None:
        paths = [each for each in library.entries() if each.path == Path(text).absolute()]
        if paths:
            return paths[0]
        names = ", ".join(each.name for each in library.entries()) or "none"
        raise DetectorFileError("There is no such detector", subject=text, advice=f"There are: {names}.")
    return entry


def _detector_of_run(path: Path) -> Path:
    from engine.training import Run

    if not path.is_dir():
        return path
    detector = Run(path).detector_path
    if not detector.is_file():
        raise DetectorFileError(
            "This folder holds no detector",
            subject=path,
            advice="Name a detector file, or the folder of a finished run.",
        )
    return detector


def _lines(entry: LibraryEntry) -> list[str]:
    if entry.problem:
        return [f"PROBLEM: {entry.problem}", str(entry.path)]
    facts = [
        f"for {entry.camera}" if entry.camera else "",
        f"made {entry.created[:10]}" if entry.created else "",
        f"preset {entry.preset}, teacher {entry.teacher}",
        _training(entry),
        "calibrated" if entry.calibrated else "not calibrated",
    ]
    lines = [", ".join(fact for fact in facts if fact), *entry.lights]
    return [*lines, entry.note, str(entry.path)] if entry.note else [*lines, str(entry.path)]


def _training(entry: LibraryEntry) -> str:
    record, videos = entry.training, entry.training_videos()
    transitions = record.get("transitions")
    epochs = [str(record[key]) for key in ("motion_epochs", "frame_epochs") if key in record]
    parts = [
        f"{len(videos)} videos" if videos else "",
        f"{transitions} transitions" if transitions else "",
        f"{' + '.join(epochs)} epochs" if epochs else "",
    ]
    summary = ", ".join(part for part in parts if part)
    return f"taught with {summary}" if summary else ""


def _as_dict(entry: LibraryEntry) -> dict[str, Any]:
    return {**vars(entry), "path": str(entry.path)}
