"""The three kinds of sheets: everything of a transition, its motion, and real regions beside predicted ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from engine.analysis.pipeline import Inspection
from engine.export.drawing import draw_mask
from engine.export.score_strip import clock_text
from engine.figures.choosing import Region, darkest_patch, fastest_region, squared
from engine.figures.sheet import BOX, INK, Row, boxed, cell_size, compose, fitted, zoomed
from engine.models.picture import model_picture
from engine.video.frame import Frame, Pixels

_DARKEST = (255, 190, 0)  # the yellow that outlines it in the PSNR mask


class SheetKind(StrEnum):
    """What a sheet shows, named after the paper's figures."""

    OVERVIEW = "figure-1"
    MOTION = "figure-3-4"
    COMPARISON = "figure-5"


@dataclass(frozen=True, eq=False)
class Moment:
    """A transition to show, and what is known of it."""

    video: str
    previous: Frame
    """I_{t-1}."""
    inspection: Inspection
    """Of I_t."""
    abnormal: bool | None
    """As labelled; None without labels."""
    regions: Sequence[Region]
    """Where the labels see something in I_t, the largest first; empty where nothing is known."""
    regions_before: Sequence[Region]
    """The same in I_{t-1}, from whose pixels both flows start."""

    @property
    def aspect(self) -> float:
        """The frame's width / height."""
        height, width = self.inspection.frame.pixels.shape[:2]
        return float(width / height)

    @property
    def heading(self) -> str:
        """Video, frame, time, and what the labels say."""
        frame = self.inspection.frame
        known = {True: "   abnormal", False: "   normal", None: ""}[self.abnormal]
        return f"{self.video}   frame {frame.index}   {clock_text(frame.pts_seconds, 1)}{known}"


def draw_sheet(kind: SheetKind, moments: Sequence[Moment], flow_radius_px: float) -> Pixels:
    """A sheet with a row for each moment, uint8 [H, W, 3]."""
    match kind:
        case SheetKind.OVERVIEW:
            captions = ["Frame", "GT flow", "Predicted flow", "Predicted frame", "PSNR mask"]
            rows = [_overview(moment) for moment in moments]
            notes = [
                *_box_note(moments),
                "Yellow: the darkest patch. PSNR mask in dB for each 64 × 64 patch; darker is more suspicious.",
            ]
            return compose(captions, rows, notes, flow_radius_px)
        case SheetKind.MOTION:
            captions = ["Input: the frame before", "GT flow", "Predicted flow"]
            notes = [
                *_box_note(moments),
                "Both flows start from the frame before; the predicted one is made from it alone.",
            ]
            return compose(captions, [_motion(moment) for moment in moments], notes, flow_radius_px)
        case SheetKind.COMPARISON:
            captions = ["Predicted frame", "Predicted region", "Real region", "Real frame"]
            notes = [
                "Both regions at the 256 × 256 px that the detector works on. Red: the region compared, which is "
                "the largest labelled thing, in normal frames where most is moving, and in others the darkest patch."
            ]
            return compose(captions, [_comparison(moment) for moment in moments], notes, None)


def _overview(moment: Moment) -> Row:
    seen = moment.inspection
    width, height = cell_size(moment.aspect)
    worst = darkest_patch(seen.signals["patch_psnr_db"])
    frame = boxed(fitted(seen.frame.pixels, width, height), [worst], _DARKEST)
    flows = [
        boxed(fitted(picture, width, height), moment.regions_before, INK)
        for picture in (seen.teacher_flow, seen.predicted_flow)
    ]
    predicted = boxed(fitted(seen.predicted_frame, width, height), moment.regions, BOX)
    mask = fitted(seen.frame.pixels, width, height)
    draw_mask(mask, seen.signals["patch_psnr_db"])
    details = (
        f"PSNR {seen.signals['psnr_db']:.1f} dB, darkest patch {seen.signals['patch_psnr_db'].min():.1f} dB, "
        f"flow error {seen.signals['flow_error_px']:.2f} px"
    )
    return Row(moment.heading, details, [boxed(frame, moment.regions, BOX), *flows, predicted, mask])


def _motion(moment: Moment) -> Row:
    seen = moment.inspection
    # Red would drown in a flow to the right.
    pictures = ((moment.previous.pixels, BOX), (seen.teacher_flow, INK), (seen.predicted_flow, INK))
    cells = [boxed(fitted(each, *cell_size(moment.aspect)), moment.regions_before, colour) for each, colour in pictures]
    return Row(moment.heading, f"flow error {seen.signals['flow_error_px']:.2f} px", cells)


def _comparison(moment: Moment) -> Row:
    seen = moment.inspection
    size = cell_size(moment.aspect)
    region = squared(_compared_region(moment), moment.aspect)
    # The prediction can't be sharper than what the models see: the real region is shown as they see it.
    regions = [zoomed(each, region, size[1]) for each in (seen.predicted_frame, model_picture(seen.frame.pixels))]
    predicted, real = (boxed(fitted(each, *size), [region], BOX) for each in (seen.predicted_frame, seen.frame.pixels))
    return Row(moment.heading, f"PSNR {seen.signals['psnr_db']:.1f} dB", [predicted, *regions, real])


def _compared_region(moment: Moment) -> Region:
    if moment.regions:
        return moment.regions[0]
    moving = fastest_region(moment.inspection.teacher_flow, moment.aspect) if moment.abnormal is False else None
    return moving or darkest_patch(moment.inspection.signals["patch_psnr_db"])


def _box_note(moments: Sequence[Moment]) -> list[str]:
    return ["Red, in flows black: labelled as abnormal."] if any(moment.regions for moment in moments) else []
