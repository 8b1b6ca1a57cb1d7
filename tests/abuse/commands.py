"""Every command of `vad` that writes, on small material: what it is given, and how its results are told to be whole."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import av
import cv2
import numpy as np

from engine.commands.progress import finished
from engine.evidence.bag import verify_package
from engine.models.detector import Detector, DetectorSettings, load_detector, save_detector
from engine.review.document import DetectorUsed, JudgedSegment, Verdict
from tests.abuse.forked import ForkedVad
from tests.clips import make_clip
from tests.engine.commands.reviews import write_review

_FRAMES = 40
_EXACT = {".csv", ".srt", ".vtt", ".edl", ".otio", ".flo"}


@dataclass(frozen=True)
class Writing:
    """A command that writes."""

    name: str
    arguments: Callable[[Path], list[object]]
    """Of the folder of the material; the command runs in an empty folder, in which there is an empty one named out."""
    goes_on: bool = False
    """Whether the same command, once more, takes up what an earlier run left; others never replace what is there."""
    before: Callable[[Path], list[object]] | None = None
    """A command that has to be run first."""


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


_TABLES = ("--tables", "csv,json,srt,vtt,otio")
COMMANDS = (
    Writing("analyse", _analyse, goes_on=True),
    Writing("export a clip", _clip),
    Writing("export a copy", lambda material: _clip(material, "--copy")),
    Writing("export tables", lambda material: _of_review(material, "export", *_TABLES, "--out", "out")),
    Writing("export clips", lambda material: _of_review(material, "export", "--clips", "all", "--out", "out")),
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
    Writing("detectors import", _imported),
    Writing(
        "detectors rename", lambda _: ["detectors", "rename", "Gate", "Yard", "--note", "by day"], before=_imported
    ),
    Writing(
        "detectors export", lambda _: ["detectors", "export", "Gate", "out/passed-on.safetensors"], before=_imported
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
    make_clip(folder / "slow.mp4", 40, fps=1)
    _pictures(folder / "normal" / "walk", 8)
    _pictures(folder / "normal" / "stand", 6)
    _pictures(folder / "dataset" / "training" / "01", 4)
    for name in ("01", "02"):
        _pictures(folder / "dataset" / "testing" / name, 8)
    truth = np.arange(8) > 4
    np.savez(folder / "dataset" / "frame_labels.npz", **{"01": truth, "02": ~truth})
    return folder


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
    if (place.out / "package").exists():
        verified = finished(verify_package(place.out / "package"))
        if not verified.is_whole:
            yield f"the package is not whole: {verified}"


def _problem(path: Path, reference: Path) -> str:
    if path.suffix in _EXACT:
        return "" if path.read_bytes() == reference.read_bytes() else "differs from that of an undisturbed run"
    if path.suffix == ".json":
        json.loads(path.read_text("utf-8"))
    elif path.suffix == ".html":
        return "" if path.read_text("utf-8").rstrip().endswith("</html>") else "is cut"
    elif path.suffix == ".mp4":
        return "" if _frames(path) == _frames(reference) else "has other frames"
    elif path.suffix == ".png":
        return "" if cv2.imread(str(path)) is not None else "is no picture"
    elif path.suffix == ".safetensors":
        load_detector(path)
    return ""


def _frames(path: Path) -> int:
    with av.open(str(path)) as container:
        return sum(1 for _ in container.decode(video=0))
