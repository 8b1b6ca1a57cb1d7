"""`vad calibrate`: what a detector's scores mean on a camera, from normal footage that it has not learnt from."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from engine.commands.counting import counted
from engine.commands.detector_option import check_detector_target, detector_option, refuse_own_detector
from engine.commands.progress import follow
from engine.commands.score_options import zones_option
from engine.common.durations import duration_in_words
from engine.common.events import Progress
from engine.export.list_files import cannot_write

if TYPE_CHECKING:
    from engine.models.detector import Detector
    from engine.scoring.calibration import Calibration
    from engine.scoring.zones import Zones


@click.command(short_help="Teach a detector what its scores mean on a camera.")
@detector_option(required=True)
@click.option(
    "--footage",
    "held_out",
    metavar="PATH",
    type=click.Path(path_type=Path),
    multiple=True,
    required=True,
    help="Normal videos, or a folder of them, that the detector has not learnt from; may be given more than once.",
)
@click.option(
    "--learnt-from",
    "others",
    metavar="PATH",
    type=click.Path(path_type=Path),
    multiple=True,
    help="Normal videos that it has learnt from: how things move and look in them counts as usual too.",
)
@click.option(
    "--unreviewed",
    is_flag=True,
    help="Nobody has looked through the footage: what is rare in it does not count as usual. Takes twice as long.",
)
@click.option("--out", required=True, type=click.Path(path_type=Path), help="File of the calibrated detector.")
@zones_option
@click.option("--every-frame", is_flag=True, help="Judge every frame, not samples; analyses then do likewise.")
@click.option("--device", default="auto", show_default=True, help="auto, cuda, mps or cpu.")
@click.option("--quiet", is_flag=True, help="No progress bar.")
def calibrate(
    detector: Path,
    held_out: tuple[Path, ...],
    others: tuple[Path, ...],
    unreviewed: bool,
    out: Path,
    zones_file: Path | None,
    every_frame: bool,
    device: str,
    quiet: bool,
) -> None:
    """Learn from normal footage of a camera how things usually move and look there, and what scores are usual.

    Afterwards the detector's scores mean the same in every recording of the camera, and thresholds can be chosen as
    false alarms an hour. Training does this by itself with the videos that it holds out; use this command for a
    detector that was made without, or to adapt one to a camera that was moved.

    With --unreviewed, an event in the footage does not become usual: recordings at hand will do for a first answer on
    a camera that the detector does not know.

    Footage may be of several lights, such as day and infrared night: each gets a calibration of its own, and recordings
    are judged by the one that fits.

    With --zones, scores get their meaning by what happens inside them. Recordings have to be analysed with the same
    zones then; the window offers them.
    """
    check_detector_target(out)
    refuse_own_detector(out, detector, "This is the detector that is to be calibrated")
    from engine.calibrating.calibrate import Calibrated
    from engine.calibrating.calibrate import calibrate as calibrating
    from engine.calibrating.footage import NormalFootage
    from engine.calibrating.length import check_length, too_little_usable
    from engine.calibrating.unreviewed import calibrate_unreviewed
    from engine.common.device import choose_compute
    from engine.models.detector import load_detector
    from engine.scoring.sampling import EVERY_FRAME, SAMPLED
    from engine.scoring.zone_files import read_zones

    zones = read_zones(zones_file) if zones_file else ()
    footage = NormalFootage.of(held_out, others, zones)
    check_length(footage, unreviewed=unreviewed)
    plan = choose_compute(device)
    loaded, _ = load_detector(detector)
    sampling = EVERY_FRAME if every_frame else SAMPLED
    results: list[Calibrated] = []

    def work() -> Generator[Progress, None, None]:
        learn = calibrate_unreviewed if unreviewed else calibrating
        results.append((yield from learn(loaded, plan, footage, sampling=sampling)))

    follow(work(), hidden=quiet)
    (calibrated,) = results
    found = calibrated.detector.settings.calibration
    if found is None:
        raise too_little_usable(footage, calibrated.held_out)
    _save(calibrated.detector, out, zones)
    _tell(found, len(calibrated.held_out), out)


def _save(detector: Detector, out: Path, zones: Zones) -> None:
    """Write the detector, and remember its zones for the window."""
    from engine.models.detector import load_detector, save_detector
    from engine.review.camera_zones import remember_zones
    from engine.scoring.zones import zones_in_words

    try:
        save_detector(detector, out)
    except OSError as error:
        raise cannot_write(out, error) from error
    if zones:
        _, fingerprint = load_detector(out)
        remember_zones(fingerprint, zones)
        click.echo(f"{zones_in_words(zones)}: give `vad analyse` the same with --zones.")


def _tell(calibration: Calibration, videos: int, out: Path) -> None:
    from engine.scoring.light_calibration import lights_in_words

    seconds = sum(light.seconds for light in calibration.lights)
    low, high = calibration.expected_alarms(2, seconds / 3600)
    expected = f"at 2 false alarms an hour, {low} to {high} are expected in as much footage"
    if calibration.unreviewed:
        expected = "nobody reviewed the footage: how many false alarms a threshold gives is not known"
    click.echo(f"Written: {out} (calibrated on {counted(videos, 'video')}, {duration_in_words(seconds)}; {expected})")
    for line in lights_in_words(calibration.lights, unreviewed=calibration.unreviewed):
        click.echo(f"{line}.")
