"""Draws the three kinds of sheets: overview of a transition, its motion, and predicted beside real regions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from engine.analysis.pipeline import Inspection
from engine.export.drawing import draw_mask
from engine.export.score_strip import clock_text
from engine.figures.choosing import Region, darkest_patch, fastest_region, square_around
from engine.figures.sheet import BOX, INK, Row, boxed, cell_size, compose, fitted, zoomed
from engine.models.picture import model_picture
from engine.video.frame import Frame, Pixels

_DARKEST = (255, 190, 0)  # outline of the darkest patch, as in the PSNR mask


class SheetKind(StrEnum):
    """What a sheet shows, named after the paper's figures."""

    OVERVIEW = "figure-1"
    MOTION = "figure-3-4"
    COMPARISON = "figure-5"


@dataclass(frozen=True, eq=False)
class Transition:
    """A transition shown in one row of a sheet, with its labels."""

    video: str
    previous: Frame
    """The frame I_{t-1}."""
    inspection: Inspection
    """Inspection of the transition to I_t."""
    abnormal: bool | None
    """The label of I_t; None without labels."""
    regions: Sequence[Region]
    """Labelled regions of I_t, the largest first; empty without labels."""
    regions_before: Sequence[Region]
    """Labelled regions of I_{t-1}, at whose pixels both flows start."""

    @property
    def aspect(self) -> float:
        """The frame's width / height."""
        height, width = self.inspection.frame.pixels.shape[:2]
        return float(width / height)

    @property
    def heading(self) -> str:
        """Video, frame number, time and label, for the row's heading."""
        frame = self.inspection.frame
        label = {True: "   abnormal", False: "   normal", None: ""}[self.abnormal]
        return f"{self.video}   frame {frame.index}   {clock_text(frame.pts_seconds, 1)}{label}"


def draw_sheet(kind: SheetKind, transitions: Sequence[Transition], flow_radius_px: float) -> Pixels:
    """A sheet with a row for each transition, uint8 [H, W, 3]."""
    match kind:
        case SheetKind.OVERVIEW:
            captions = ["Frame", "GT flow", "Predicted flow", "Predicted frame", "PSNR mask"]
            rows = [_overview(transition) for transition in transitions]
            notes = [
                *_box_note(transitions),
                "Yellow: the darkest patch. PSNR mask in dB for each 64 × 64 patch; darker is more suspicious.",
            ]
            return compose(captions, rows, notes, flow_radius_px)
        case SheetKind.MOTION:
            captions = ["Input: the frame before", "GT flow", "Predicted flow"]
            notes = [
                *_box_note(transitions),
                "Both flows start from the frame before; the predicted one is made from it alone.",
            ]
            return compose(captions, [_motion(transition) for transition in transitions], notes, flow_radius_px)
        case SheetKind.COMPARISON:
            captions = ["Predicted frame", "Predicted region", "Real region", "Real frame"]
            notes = [
                "Both regions at the 256 × 256 px that the detector works on. Red: the region compared, which is "
                "the largest labelled thing, in normal frames where most is moving, and in others the darkest patch."
            ]
            return compose(captions, [_comparison(transition) for transition in transitions], notes, None)


def _overview(transition: Transition) -> Row:
    inspection = transition.inspection
    width, height = cell_size(transition.aspect)
    worst = darkest_patch(inspection.signals["patch_psnr_db"])
    frame = boxed(fitted(inspection.frame.pixels, width, height), [worst], _DARKEST)
    flows = [
        boxed(fitted(picture, width, height), transition.regions_before, INK)
        for picture in (inspection.teacher_flow, inspection.predicted_flow)
    ]
    predicted = boxed(fitted(inspection.predicted_frame, width, height), transition.regions, BOX)
    mask = fitted(inspection.frame.pixels, width, height)
    draw_mask(mask, inspection.signals["patch_psnr_db"])
    details = (
        f"PSNR {inspection.signals['psnr_db']:.1f} dB, "
        f"darkest patch {inspection.signals['patch_psnr_db'].min():.1f} dB, "
        f"flow error {inspection.signals['flow_error_px']:.2f} px"
    )
    return Row(transition.heading, details, [boxed(frame, transition.regions, BOX), *flows, predicted, mask])


def _motion(transition: Transition) -> Row:
    inspection = transition.inspection
    # Flow to the right is red, which would hide red boxes.
    pictures = ((transition.previous.pixels, BOX), (inspection.teacher_flow, INK), (inspection.predicted_flow, INK))
    cells = [
        boxed(fitted(each, *cell_size(transition.aspect)), transition.regions_before, colour)
        for each, colour in pictures
    ]
    return Row(transition.heading, f"flow error {inspection.signals['flow_error_px']:.2f} px", cells)


def _comparison(transition: Transition) -> Row:
    inspection = transition.inspection
    size = cell_size(transition.aspect)
    region = square_around(_compared_region(transition), transition.aspect)
    # The models work on reduced pictures. The real region is reduced in the same way for a fair comparison.
    regions = [
        zoomed(each, region, size[1]) for each in (inspection.predicted_frame, model_picture(inspection.frame.stored))
    ]
    predicted, real = (
        boxed(fitted(each, *size), [region], BOX) for each in (inspection.predicted_frame, inspection.frame.pixels)
    )
    return Row(transition.heading, f"PSNR {inspection.signals['psnr_db']:.1f} dB", [predicted, *regions, real])


def _compared_region(transition: Transition) -> Region:
    if transition.regions:
        return transition.regions[0]
    moving = (
        fastest_region(transition.inspection.teacher_flow, transition.aspect) if transition.abnormal is False else None
    )
    return moving or darkest_patch(transition.inspection.signals["patch_psnr_db"])


def _box_note(transitions: Sequence[Transition]) -> list[str]:
    return (
        ["Red, in flows black: labelled as abnormal."] if any(transition.regions for transition in transitions) else []
    )
