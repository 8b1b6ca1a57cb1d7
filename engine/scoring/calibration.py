"""What a detector's scores mean on its camera, learnt from normal videos that it did not learn from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from engine.common.json_values import convert
from engine.common.language import tr
from engine.scoring.conditions import (
    CONTEXT_SECONDS,
    in_other_light,
    kinds_of_samples,
    spoilt,
    without_conditions,
)
from engine.scoring.drift import Drift, Reference
from engine.scoring.evidence import (
    EARLIER_SMOOTHING_SECONDS,
    EVIDENCE,
    LOOKS,
    MAX_SMOOTHING_SECONDS,
    ROUNDING_SECONDS,
    SMOOTHING_SECONDS,
    WEIGHTS,
    RobustScaler,
    evidence_of,
    in_words,
)
from engine.scoring.motion import frame_ratio
from engine.scoring.sampling import EVERY_FRAME, Sampling
from engine.scoring.signals import RAW_SIGNALS, RawSignals
from engine.scoring.tail import MIN_BLOCKS, Tail, block_maxima
from engine.video.source import usual_frame_seconds

Times = npt.NDArray[np.floating]

_MAX_SAMPLE_SECONDS = min(SMOOTHING_SECONDS)
"""Evidence is a mean over at least so long, both ways or back: there has to be a sample in it."""
_UNUSUAL_AT_MOST = 2.0
"""-log10 p of most of what was dismissed as normal: one second in a hundred."""
_FAR_FROM_RATE = 2.1
"""Scores hardly change at up to twice or down to half the frame rate; a little more allows for rounded times."""


class TooLittleFootageError(Exception):
    """What was held out is too short to say how often normal life raises an alarm."""


@dataclass(frozen=True)
class Scale:
    """How evidence becomes a score, in one of its two ways of smoothing."""

    standard: RobustScaler
    tail: Tail


@dataclass(frozen=True)
class Calibration:
    """The meaning of a detector's scores; small enough to be part of its settings."""

    evidence: tuple[str, ...]
    """The raw signals that take part, in the order of the scalers: once for each smoothing time."""
    live: Scale
    """Of scores that depend on no later frame."""
    offline: Scale
    """Of scores that look a second ahead."""
    seconds: float
    """How much held-out normal footage this was learnt from."""
    videos: int
    frame_seconds: float
    """Time between its frames: motion of every recording is in px a frame of this length. 0 where not known."""
    reference: Reference | None = None
    """How it looked; None where an earlier version calibrated."""
    smoothing_seconds: tuple[float, ...] = SMOOTHING_SECONDS
    """Over which times evidence is smoothed."""
    sampling: Sampling = EVERY_FRAME
    """How densely the footage was judged: recordings are judged likewise. Earlier versions judged every frame."""

    @classmethod
    def of(
        cls,
        videos: Sequence[tuple[RawSignals, Times]],
        frame_seconds: float | None = None,
        others: Sequence[tuple[RawSignals, Times]] = (),
        sampling: Sampling = EVERY_FRAME,
        rare_seconds: int = 0,
    ) -> Calibration:
        """Learnt from the raw signals [N] of held-out normal videos, whose judged frames were shown at these times [N].

        Their motion is in px a frame of `frame_seconds`: 0 where that is not known; None for what most of their frames
        last. `others` are more normal videos of which only the signals that need no network are known: scalers are
        learnt from all videos, the distribution of scores from those held out alone. Signals that are NaN in all
        held-out videos take no part. `rare_seconds` are how many were left out of the videos as the least usual ones.

        Raises:
            TooLittleFootageError: together they are shorter than MIN_BLOCKS seconds.
        """
        names = [name for name in EVIDENCE if any(np.isfinite(signals[name]).any() for signals, _ in videos)]
        if not names:
            raise TooLittleFootageError
        reference = Reference.of(videos)
        videos = [(_usual(signals, times, reference, sampling), times) for signals, times in videos]
        weights = [WEIGHTS[name] for _ in SMOOTHING_SECONDS for name in names]
        scales = {}
        for live in (True, False):
            evidence, moved = (
                [evidence_of(signals, times, live=live, names=names, sampling=sampling) for signals, times in each]
                for each in (videos, others)
            )
            scaler = RobustScaler.of([*evidence, *moved], weights)
            maxima = [
                block_maxima(scaler.max_evidence(e), times) for e, (_, times) in zip(evidence, videos, strict=True)
            ]
            together = np.concatenate(maxima)
            if len(together) < MIN_BLOCKS:
                raise TooLittleFootageError
            scales[live] = Scale(scaler, Tail.of(together, rare_seconds))
        times_of = [times for _, times in videos]
        return cls(
            tuple(names),
            scales[True],
            scales[False],
            float(sum(times[-1] - times[0] for times in times_of if len(times))),
            len(videos),
            (usual_frame_seconds(*times_of) if frame_seconds is None else frame_seconds) or 0.0,
            reference,
            sampling=sampling,
        )

    def with_more(
        self,
        videos: Sequence[tuple[RawSignals, Times]],
        dismissed: Sequence[npt.NDArray[np.bool_]],
        rare_seconds: int = 0,
    ) -> Calibration:
        """This calibration with more normal videos, given as in `of`: their maxima join its distributions.

        Evidence that stood out in frames [N] of each video that were `dismissed` as normal is scaled down, so far that
        most of them score no higher than one normal second in a hundred; what stands out otherwise still does. In other
        light than usual nothing is learnt.
        """
        videos = [(_usual(signals, times, self.reference, self.sampling), times) for signals, times in videos]
        scales = {}
        for live, scale in ((True, self.live), (False, self.offline)):
            evidence = [self._evidence(*video, live) for video in videos]
            parts = [each[:, chosen] for each, chosen in zip(evidence, dismissed, strict=True)]
            standard = scale.standard.widened(np.concatenate(parts, axis=1), scale.tail.value_at(_UNUSUAL_AT_MOST))
            maxima = [
                block_maxima(standard.max_evidence(each), times)
                for each, (_, times) in zip(evidence, videos, strict=True)
            ]
            scales[live] = Scale(standard, scale.tail.with_more(np.concatenate(maxima), rare_seconds))
        return replace(
            self,
            live=scales[True],
            offline=scales[False],
            seconds=self.seconds + sum(float(times[-1] - times[0]) for _, times in videos if len(times)),
            videos=self.videos + len(videos),
        )

    def scores(self, signals: RawSignals, seconds: Times, *, live: bool = False) -> npt.NDArray[np.float64]:
        """Anomaly scores [N], -log10 of the share of normal seconds that score at least as high, of one video.

        Below 0 lies what is calmer than all of them; NaN where a frame was not analysed, or the camera fails; frame 0
        takes frame 1's.
        """
        scale = self.live if live else self.offline
        told, flags = self._told(signals, seconds, live)
        evidence = self._evidence(told, seconds, live)
        scores = scale.tail.neg_log10_p(scale.standard.max_evidence(evidence))
        return np.where(flags, np.nan, scores) if flags.any() else scores

    def scores_by_signal(self, signals: RawSignals, seconds: Times) -> npt.NDArray[np.float64]:
        """The score [S, N] that frames would have by each signal of `evidence` alone; `scores` is the highest."""
        told, flags = self._told(signals, seconds, live=False)
        evidence = self._evidence(told, seconds, live=False)
        scaled = self.offline.standard.scaled(evidence).reshape(-1, len(self.evidence), len(seconds))
        scores = self.offline.tail.neg_log10_p(scaled.max(axis=0).ravel()).reshape(scaled.shape[1:])
        return np.where(flags, np.nan, scores)

    def in_condition(self, signals: RawSignals, seconds: Times, *, live: bool = False) -> npt.NDArray[np.bool_]:
        """Which frames [N] of a video say nothing, as the camera fails there."""
        return self._told(signals, seconds, live)[1]

    @property
    def reach_seconds(self) -> float:
        """A frame's score depends on frames that are so near at most, rounded times included."""
        # Between samples, a frame has the score of one of its neighbours.
        return max(self.smoothing_seconds) + 2 * ROUNDING_SECONDS + 2 * self.sampling.seconds + CONTEXT_SECONDS

    def reason(self, signals: RawSignals, seconds: Times, frame: int, *, live: bool = False) -> str:
        """Why a frame of a video has the score that it has: what its strongest evidence says, in words."""
        reach = self.reach_seconds
        first, stop = np.searchsorted(seconds, [seconds[frame] - reach, seconds[frame] + reach])
        # Frame 0 takes frame 1's, whatever it is smoothed over.
        part = slice(int(first), max(int(stop), frame + 2))
        near, _ = self._told(signals[part], seconds[part], live)
        evidence = self._evidence(near, seconds[part], live)[:, [frame - part.start]]
        strongest = (self.live if live else self.offline).standard.strongest(evidence)
        return in_words(self.evidence[int(strongest[0]) % len(self.evidence)])

    def expected_alarms(self, per_hour: float, hours: float) -> tuple[int, int]:
        """How many false alarms to expect in a recording, at the least and at the most, nine times in ten."""
        return self.offline.tail.expected_alarms(per_hour, hours)

    def drifts(self, signals: RawSignals, seconds: Times) -> list[Drift]:
        """Where a video no longer looks like the footage that this was learnt from; nothing is known without it."""
        return self.reference.drifts(signals, seconds) if self.reference else []

    def other_rate(self, own_seconds: float | None) -> str:
        """That a video whose frames last so long has far more or fewer a second than the footage, in words; else empty.

        Motion is converted to one scale, but is measured over other spans of time, and prediction is one frame ahead.
        """
        if own_seconds is None or 1 / _FAR_FROM_RATE <= frame_ratio(own_seconds, self.frame_seconds) <= _FAR_FROM_RATE:
            return ""
        own, footage = 1 / own_seconds, 1 / self.frame_seconds
        text = tr("{rate:.3g} frames a second, the detector's calibration footage had {footage:.3g}")
        return text.format(rate=own, footage=footage)

    def _told(self, signals: RawSignals, seconds: Times, live: bool) -> tuple[RawSignals, npt.NDArray[np.bool_]]:
        """Signals [N] as far as they say something of what happens, and which frames [N] say nothing at all."""
        kinds = kinds_of_samples(signals, seconds, self.reference, self.sampling)
        flags = spoilt(kinds, seconds, live=live)
        told = without_conditions(signals, flags)
        is_other_light = in_other_light(kinds, seconds, live=live)
        if LOOKS in self.evidence and is_other_light.any():
            # The encoder's features follow the light: everything looks unusual there, and moves as it does.
            usual = self.offline.standard.medians[self.evidence.index(LOOKS)]
            told = told.copy()
            looks = told[LOOKS]
            looks[is_other_light & ~np.isnan(looks)] = usual
        return told, flags

    def _evidence(self, signals: RawSignals, seconds: Times, live: bool) -> npt.NDArray[np.float64]:
        return evidence_of(
            signals,
            seconds,
            live=live,
            names=self.evidence,
            smoothing_seconds=self.smoothing_seconds,
            sampling=self.sampling,
        )

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Calibration:
        """The calibration of what `dataclasses.asdict` made of one.

        Raises:
            ValueError: it is none.
            TypeError: it is one of another version.
        """
        made = convert({"smoothing_seconds": EARLIER_SMOOTHING_SECONDS, **values}, cls, exact=True)
        if not set(made.evidence) <= set(RAW_SIGNALS.names or ()):
            raise TypeError(f"evidence of another version: {made.evidence}")
        if not 0 < max(made.smoothing_seconds, default=0) <= MAX_SMOOTHING_SECONDS:
            raise TypeError(f"smoothing of another version: {made.smoothing_seconds}")
        motion_seconds = made.sampling.seconds * made.sampling.motion_every
        if not 0 <= motion_seconds <= _MAX_SAMPLE_SECONDS or made.sampling.motion_every < 1:
            raise TypeError(f"samples of another version: {made.sampling}")
        return made


def _usual(signals: RawSignals, seconds: Times, reference: Reference | None, sampling: Sampling) -> RawSignals:
    """The signals [N] without what was measured while the camera failed, or in other light than usual."""
    kinds = kinds_of_samples(signals, seconds, reference, sampling)
    return without_conditions(signals, spoilt(kinds, seconds) | in_other_light(kinds, seconds))
