"""Every command of `vad` that writes, on small material: what it is given, and how its results are told to be whole."""

from __future__ import annotations

import json
import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import av
import cv2
import numpy as np
import numpy.typing as npt
from click.testing import CliRunner

from engine.__main__ import cli
from engine.commands.progress import finished
from engine.evidence.bag import verify_package
from engine.models.detector import Detector, DetectorSettings, load_detector, save_detector
from engine.redaction.regions import Keyframe, RedactedRegion, Redaction, RedactionMethod
from engine.review.document import DetectorUsed, JudgedSegment, Span, Verdict
from tests.abuse.forked import ForkedVad
from tests.clips import make_clip
from tests.engine.commands.reviews import write_review

_FRAMES = 40
_LEFT_HALF = ((0.0, 0.0), (0.5, 0.0), (0.5, 1.0), (0.0, 1.0))
_FILLED = Redaction((RedactedRegion(RedactionMethod.FILL, (Keyframe(0, _LEFT_HALF),)),))
_EXACT = {".csv", ".srt", ".vtt", ".edl", ".otio", ".flo"}


@dataclass(frozen=True)
class Writing:
    """A command that writes."""

    name: str
    arguments: Callable[[Path], list[object]]
    """Of the folder of the material; the command runs in an empty folder, in which there is an empty one named out."""
    goes_on: bool = False
    """Whether the same command, once more, takes up what an earlier run left; others never replace what is there."""
    before: tuple[Callable[[Path], list[object]], ...] = ()
    """Commands that have to be run first."""


def _analyse(material: Path) -> list[object]:
    return ["analyse", material / "gate.mp4", "--detector", material / "tiny.safetensors", "--out", "out", "--quiet"]


def _of_review(material: Path, *arguments: object) -> list[object]:
    review, detector = material / "gate.mp4.review.json", material / "tiny.safetensors"
    return [arguments[0], review, "--detector", detector, "--device", "cpu", "--quiet", *arguments[1:]]


def _clip(material: Path, *more: object) -> list[object]:
    detector = material / "tiny.safetensors"
    frames = ("--start", 5, "--stop", 30, "--out", "out/clip.mp4")
    return ["export", material / "gate.mp4", "--detector", detector, *frames, "--quiet", *more]


def _train(material: Path) -> list[object]:
    epochs = ("--motion-epochs", 2, "--frame-epochs", 2, "--batch-size", 2, "--device", "cpu")
    return ["train", "out/run", "--footage", material / "normal", *epochs]


def _imported(material: Path) -> list[object]:
    return ["detectors", "import", material / "tiny.safetensors", "--name", "Gate"]


def _archive(material: Path, *arguments: object) -> list[object]:
    del material
    return ["archive", arguments[0], "--archive", "site.archive", *arguments[1:]]


def _scanned(material: Path) -> list[object]:
    return _archive(material, "scan", material / "site", "--camera", "Gate", "--rest", 0, "--quiet")


def _archive_analysed(material: Path) -> list[object]:
    return _archive(material, "analyse", "--detector", material / "tiny.safetensors", "--device", "cpu", "--quiet")


def _clips_of_review(material: Path, video: str) -> list[object]:
    detector = material / "tiny.safetensors"
    given = ("export", material / f"{video}.mp4.review.json", "--detector", detector, "--device", "cpu", "--quiet")
    return [*given, "--clips", "all", "--out", "out"]


_TABLES = ("--tables", "csv,json,srt,vtt,otio")
COMMANDS = (
    Writing("analyse", _analyse, goes_on=True),
    Writing("export a clip", _clip),
    Writing("export a copy", lambda material: _clip(material, "--copy")),
    Writing("export tables", lambda material: _of_review(material, "export", *_TABLES, "--out", "out")),
    Writing("export clips", lambda material: _clips_of_review(material, "gate")),
    Writing("export redacted clips", lambda material: _clips_of_review(material, "yard")),
    Writing("report", lambda material: _of_review(material, "report", "--out", "out/report.html")),
    Writing("package", lambda material: _of_review(material, "package", "--out", "out/package")),
    Writing("train", _train, goes_on=True),
    Writing(
        "calibrate",
        lambda material: [
            *("calibrate", "--footage", material / "slow.mp4", "--detector", material / "tiny.safetensors"),
            *("--out", "out/calibrated.safetensors", "--device", "cpu", "--quiet"),
        ],
        goes_on=True,
    ),
    Writing(
        "recalibrate",
        lambda material: [
            *("recalibrate", material / "slow.mp4.review.json", "--detector", material / "calibrated.safetensors"),
            *("--out", "out/learnt.safetensors", "--device", "cpu", "--quiet"),
        ],
        goes_on=True,
    ),
    Writing("archive scan", _scanned, goes_on=True),
    Writing("archive analyse", _archive_analysed, goes_on=True, before=(_scanned,)),
    Writing(
        "archive export",
        lambda material: _archive(material, "export", "--out", "out/found.csv"),
        before=(_scanned, _archive_analysed),
    ),
    Writing("detectors import", _imported),
    Writing(
        "detectors rename", lambda _: ["detectors", "rename", "Gate", "Yard", "--note", "by day"], before=(_imported,)
    ),
    Writing(
        "detectors export", lambda _: ["detectors", "export", "Gate", "out/passed-on.safetensors"], before=(_imported,)
    ),
    Writing("rate", lambda material: ["rate", material / "normal" / "walk", "--fps", 12], goes_on=True),
    Writing(
        "evaluate",
        lambda material: [
            *("evaluate", material / "dataset", "--detector", material / "tiny.safetensors", "--json", "out/all.json"),
            *("--plots", "out", "--device", "cpu", "--quiet"),
        ],
        goes_on=True,
    ),
    Writing(
        "figures",
        lambda material: [
            *("figures", material / "gate.mp4", "--detector", material / "tiny.safetensors", "--out", "out"),
            *("--frames", "12,30", "--device", "cpu", "--quiet"),
        ],
        goes_on=True,
    ),
    Writing(
        "flow",
        lambda material: [
            *("flow", material / "normal/walk/000.png", material / "normal/walk/001.png"),
            *("--out", "out/flow.png", "--out", "out/flow.flo"),
        ],
        goes_on=True,
    ),
)


def make_material(folder: Path) -> Path:
    """Footage, a detector, a review and a dataset."""
    import torch

    torch.manual_seed(0)
    settings = DetectorSettings("tiny", "tiny", "dis-ultrafast", 4.0)
    save_detector(Detector(settings), folder / "tiny.safetensors")
    video = make_clip(folder / "gate.mp4", _FRAMES, with_audio=True)
    judged = (
        JudgedSegment(start=5, stop=15, verdict=Verdict.CONFIRMED, note="by the gate"),
        JudgedSegment(start=25, stop=30, verdict=Verdict.DISMISSED),
    )
    used = DetectorUsed("tiny", load_detector(folder / "tiny.safetensors")[1])
    write_review(video, *judged, detector=used, score="paper")
    make_clip(folder / "yard.mp4", _FRAMES + 1)
    write_review(folder / "yard.mp4", *judged, detector=used, score="paper", redaction=_FILLED)
    _calibrated(folder)
    (folder / "site").mkdir()
    for number, name in enumerate(("morning.mp4", "noon.mp4")):
        make_clip(folder / "site" / name, _FRAMES + 2 + number)
    _pictures(folder / "normal" / "walk", 8)
    _pictures(folder / "normal" / "stand", 6)
    _pictures(folder / "dataset" / "training" / "01", 4)
    for name in ("01", "02"):
        _pictures(folder / "dataset" / "testing" / name, 8)
    truth = np.arange(8) > 4
    np.savez(folder / "dataset" / "frame_labels.npz", **{"01": truth, "02": ~truth})
    return folder


def _calibrated(folder: Path) -> None:
    """A calibrated detector, and a review of what it flagged."""
    slow = make_clip(folder / "slow.mp4", 40, fps=1)
    detector = folder / "calibrated.safetensors"
    given = ("--footage", slow, "--detector", folder / "tiny.safetensors", "--out", detector, "--device", "cpu")
    ran = CliRunner().invoke(cli, ["calibrate", *map(str, given), "--quiet"])
    assert ran.exit_code == 0, ran.output
    span = Span(10, 20)
    judged = JudgedSegment(start=span.start, stop=span.stop, verdict=Verdict.DISMISSED, reason="normal", covers=span)
    write_review(slow, judged, detector=DetectorUsed("tiny", load_detector(detector)[1]), score="calibrated")


def _pictures(folder: Path, count: int) -> None:
    folder.mkdir(parents=True)
    texture = np.random.default_rng(count).integers(0, 256, (64, 96 + 2 * count, 3), np.uint8)
    texture = cv2.GaussianBlur(texture, (0, 0), 2)
    for number in range(count):
        cv2.imwrite(str(folder / f"{number:03}.png"), texture[:, 2 * number : 2 * number + 96])


@dataclass(frozen=True)
class Place:
    """A folder in which a command runs, with a home and a cache of its own."""

    folder: Path

    @classmethod
    def make(cls, folder: Path) -> Place:
        """An empty one; what was there goes."""
        shutil.rmtree(folder, ignore_errors=True)
        (folder / "work" / "out").mkdir(parents=True)
        return cls(folder)

    @property
    def out(self) -> Path:
        """Where results go."""
        return self.folder / "work" / "out"

    @property
    def environment(self) -> dict[str, str]:
        """A home and a cache of its own."""
        return {
            "HOME": str(self.folder / "home"),
            "XDG_DATA_HOME": str(self.folder / "home" / "data"),
            "VADGUI_CACHE": str(self.folder / "home" / "cache"),
            "VADGUI_DETECTORS": str(self.folder / "home" / "detectors"),
        }

    def start(self, arguments: list[object], memory_bytes: int | None = None) -> ForkedVad:
        """Start `vad` there."""
        return ForkedVad(arguments, self.folder / "work", self.environment, memory_bytes)

    def results(self) -> set[str]:
        """Names of what was made, without what bears the name of something unfinished."""
        return {
            path.relative_to(self.out).as_posix()
            for path in self.out.rglob("*")
            if not any(part.startswith(".vadgui-") for part in path.parts) and path.is_file()
        }

    def leftovers(self) -> list[Path]:
        """What was begun and not finished."""
        return [path for path in self.folder.rglob(".vadgui-*") if path.name.endswith(".partial")]


def flaws(place: Place, reference: Place) -> Iterator[str]:
    """What is wrong with the results: not whole, or never meant to be there."""
    expected = reference.results()
    for name in sorted(place.results()):
        if name.startswith("run/") and name != "run/detector.safetensors":
            continue  # a training's own business: that it goes on tells
        if name not in expected:
            yield f"{name} should not be there"
            continue
        try:
            problem = _problem(place.out / name, reference.out / name)
        except Exception as error:
            problem = f"can't be read: {error!r}"
        if problem:
            yield f"{name} {problem}"
    if (place.folder / "work" / "site.archive").exists():
        yield from _flaws_of_archive(place.folder / "work")
    if (place.out / "package").exists():
        verified = finished(verify_package(place.out / "package"))
        if not verified.is_whole:
            yield f"the package is not whole: {verified}"


def _flaws_of_archive(folder: Path) -> Iterator[str]:
    """Looked for in a copy, since reading makes files, for which there may be no room."""
    with tempfile.TemporaryDirectory() as copy:
        for file in folder.glob("site.archive*"):
            shutil.copy(file, copy)
        with closing(sqlite3.connect(Path(copy, "site.archive"))) as archive:
            said = archive.execute("PRAGMA integrity_check").fetchone()
    if said != ("ok",):
        yield f"the archive is damaged: {said}"


def _problem(path: Path, reference: Path) -> str:
    if path.suffix in _EXACT:
        return "" if path.read_bytes() == reference.read_bytes() else "differs from that of an undisturbed run"
    if path.suffix == ".json":
        json.loads(path.read_text("utf-8"))
    elif path.suffix == ".html":
        return "" if path.read_text("utf-8").rstrip().endswith("</html>") else "is cut"
    elif path.suffix == ".mp4":
        return _other_pictures(path, reference)
    elif path.suffix == ".png":
        return "" if cv2.imread(str(path)) is not None else "is no picture"
    elif path.suffix == ".safetensors":
        load_detector(path)
    return ""


def _other_pictures(path: Path, reference: Path) -> str:
    """What of a clip's pictures differs from those of an undisturbed run, which are redacted where they must be."""
    pictures, wanted = _pictures_of(path), _pictures_of(reference)
    if len(pictures) != len(wanted):
        return "has other frames"
    return "" if all(map(np.allclose, pictures, wanted)) else "shows other pictures"


def _pictures_of(path: Path) -> list[npt.NDArray[np.uint8]]:
    with av.open(str(path)) as container:
        return [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
