"""The panels, and what each of them shows of a frame's view."""

from __future__ import annotations

from enum import Enum

import numpy as np

from engine.common.language import number_text, tr, tr_noop
from engine.video.source import VideoInfo
from vadgui.model.frame_view import NO_DETECTOR, NO_TRANSITION, Bgra, FrameView
from vadgui.model.session import ReviewSession


class Panel(Enum):
    """One of the pictures of a transition; the value is its English title."""

    FRAME = tr_noop("Frame")
    PREDICTED_FLOW = tr_noop("Predicted flow")
    TEACHER_FLOW = tr_noop("Measured flow")
    PREDICTED_FRAME = tr_noop("Predicted frame")
    PSNR_MASK = tr_noop("PSNR mask")
    EVIDENCE = tr_noop("Evidence")
    HEAT_MAP = tr_noop("Heat map")
    FLOW_DIFFERENCE = tr_noop("Flow difference")

    @property
    def title(self) -> str:
        """What the panel is called on screen."""
        return tr(self.value)

    @property
    def explanation(self) -> str:
        """What the panel shows, in a sentence."""
        return tr(_EXPLANATIONS[self])

    @property
    def use(self) -> str:
        """What the panel is there for, in few words; shown where it has no picture yet."""
        return tr(_USES[self])


SHOWN_AT_FIRST: tuple[Panel, ...] = tuple(
    panel for panel in Panel if panel not in (Panel.EVIDENCE, Panel.HEAT_MAP, Panel.FLOW_DIFFERENCE)
)
"""Panels that are shown until a person chooses others."""

_EXPLANATIONS = {
    Panel.FRAME: tr_noop("The recorded frame."),
    Panel.PREDICTED_FLOW: tr_noop(
        "The motion that the detector expects from the previous frame alone: what normal would be. Colour is "
        "direction, saturation speed; the wheel says at how many pixels a frame colours are full (flow radius), in "
        "pixels of the 256 × 256 picture that the detector sees."
    ),
    Panel.TEACHER_FLOW: tr_noop(
        "The motion that really happened between the previous frame and this one (ground truth, GT flow), on the same "
        "colour scale: colours are full at the number of pixels a frame in the title (flow radius)."
    ),
    Panel.PREDICTED_FRAME: tr_noop("The frame that the detector expects from the previous one."),
    Panel.PSNR_MASK: tr_noop("How well each part of the frame was predicted, in dB: the darker, the more suspicious."),
    Panel.EVIDENCE: tr_noop(
        "Where the evidence lies: the anomaly score that the frame would have for each part of it alone. "
        "The lighter, the more suspicious."
    ),
    Panel.HEAT_MAP: tr_noop(
        "Where things happened in the whole recording: for how long something stood out at each place, in all segments "
        "but the dismissed ones. The lighter, the longer."
    ),
    Panel.FLOW_DIFFERENCE: tr_noop(
        "Predicted less measured motion, on the colour scale of both: white is as predicted. What moves faster than "
        "predicted has the colour of the opposite direction."
    ),
}

_NO_EVIDENCE = tr_noop("Not analysed yet")
_NO_HEAT = tr_noop("Nothing flagged yet, or nobody has looked where")
_NOT_CALIBRATED = tr_noop("Only a calibrated detector tells where")
_USES = {
    Panel.FRAME: tr_noop("The recorded frame."),
    Panel.PREDICTED_FLOW: tr_noop("How things would normally move."),
    Panel.TEACHER_FLOW: tr_noop("How they really moved."),
    Panel.PREDICTED_FRAME: tr_noop("How the frame would normally look."),
    Panel.PSNR_MASK: tr_noop("Where it looks otherwise: the darker, the more suspicious."),
    Panel.EVIDENCE: tr_noop("Where what is unusual lies: the lighter, the more suspicious."),
    Panel.HEAT_MAP: tr_noop("Where things happened in the whole recording: the lighter, the longer."),
    Panel.FLOW_DIFFERENCE: tr_noop("How things moved otherwise than is normal."),
}


def picture_of(panel: Panel, view: FrameView) -> Bgra | None:
    """The picture that a panel shows of the view; None where it has none, and for what is made of numbers."""
    match panel:
        case Panel.FRAME:
            return view.frame
        case Panel.PREDICTED_FLOW:
            return view.predicted_flow
        case Panel.TEACHER_FLOW:
            return view.teacher_flow
        case Panel.FLOW_DIFFERENCE:
            return view.flow_difference
        case Panel.PREDICTED_FRAME:
            return view.predicted_frame
        case Panel.PSNR_MASK | Panel.EVIDENCE | Panel.HEAT_MAP:
            return None


def signals_of(view: FrameView, session: ReviewSession) -> np.void | None:
    """The raw signals of a view's frame: from the view, or else from the analysis; None where neither has any."""
    signals = view.signals
    if signals is None and view.index < len(session.scoring.signals):
        signals = session.scoring.signals[view.index]
    return None if signals is None or np.isnan(signals["psnr_db"]) else signals


def detail_of(
    panel: Panel, view: FrameView, signals: np.void | None, flow_radius_px: float | None, video: VideoInfo | None
) -> str:
    """The number shown beside a panel's title, with its unit."""
    if panel is Panel.FRAME:
        return "" if view.frame is None or video is None else video.size_in_words
    if panel is Panel.EVIDENCE:
        return (
            "" if view.where is None else tr("worst {score:.1f}").format(score=max(float(view.where.scores.max()), 0))
        )
    if signals is None or (panel is not Panel.PSNR_MASK and not view.complete):
        return ""
    match panel:
        case Panel.PREDICTED_FLOW | Panel.FLOW_DIFFERENCE:
            return tr("error {error:.2f} px").format(error=signals["flow_error_px"])
        case Panel.PREDICTED_FRAME:
            return f"PSNR {number_text(signals['psnr_db'], '.1f')} dB"
        case Panel.PSNR_MASK:
            return tr("worst {psnr:.1f} dB").format(psnr=np.min(signals["patch_psnr_db"]))
        case Panel.TEACHER_FLOW if flow_radius_px:
            return tr("full at {radius:.1f} px").format(radius=flow_radius_px)
        case _:
            return ""


def message_for(panel: Panel, view: FrameView | None, session: ReviewSession) -> str:
    """The message that a panel shows in place of a picture."""
    if session.video is None:
        return tr("Open a video")
    if view is None:
        return tr("Loading the frame …")
    if view.missing == NO_DETECTOR and session.detector_is_coming:
        return tr("Loading the detector …")
    if panel is Panel.HEAT_MAP and session.detector is not None and view.frame is not None:
        return tr(_NO_HEAT if session.detector.calibration else _NOT_CALIBRATED)
    if view.missing == NO_TRANSITION or (view.index == 0 and not view.missing and session.detector is not None):
        return panel.use + "\n\n" + tr("From the second frame on: the first has no motion yet.")
    if panel is Panel.EVIDENCE and session.detector is not None:
        return tr(view.missing or (_NO_EVIDENCE if session.detector.calibration else _NOT_CALIBRATED))
    return tr(view.missing) or tr("Being computed …")
