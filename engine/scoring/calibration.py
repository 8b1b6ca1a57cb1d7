"""What a detector's scores mean on its camera, learnt from normal videos that it did not learn from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from engine.common.json_values import convert
from engine.common.language import tr
from engine.scoring.between_samples import bounded_by_samples
from engine.scoring.conditions import (
    CONTEXT_SECONDS,
    Kinds,
    in_other_light,
    kinds_of_samples,
    spoilt,
    without_conditions,
)
from engine.scoring.drift import Drift, Reference, References, find_drifts
from engine.scoring.evidence import (
    EARLIER_SMOOTHING_SECONDS,
    EVIDENCE,
    LOOKS,
    MAX_SMOOTHING_SECONDS,
    ROUNDING_SECONDS,
    SMOOTHING_SECONDS,
    evidence_of,
    in_words,
)
from engine.scoring.light_calibration import Light, Scale, TooLittleFootageError, usual_signals
from engine.scoring.lights import (
    beside_change,
    held_lights,
    known_seconds,
    lights_of_footage,
    unjudged,
    videos_in_light,
)
from engine.scoring.motion import frame_ratio
from engine.scoring.sampling import EVERY_FRAME, Sampling
from engine.scoring.signals import RAW_SIGNALS, RawSignals
from engine.scoring.tail import block_maxima
from engine.video.source import usual_frame_seconds

Times = npt.NDArray[np.floating]
Flags = npt.NDArray[np.bool_]

_MAX_SAMPLE_SECONDS = min(SMOOTHING_SECONDS)
"""Evidence is a mean over at least so long, both ways or back: there has to be a sample in it."""
_UNUSUAL_AT_MOST = 2.0
"""-log10 p of most of what was dismissed as normal: one second in a hundred."""
_FAR_FROM_RATE = 2.1
"""Scores hardly change at up to twice or down to half the frame rate; a little more allows for rounded times."""


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
    other_lights: tuple[Light, ...] = ()
    """Further lights of the camera, such as infrared night; what else is here is of the light with most footage."""
    unreviewed: bool = False
    """Whether nobody looked through the footage: then nobody knows how many false alarms a threshold gives."""

    @classmethod
    def of(
        cls,
        videos: Sequence[tuple[RawSignals, Times]],
        frame_seconds: float | None = None,
        others: Sequence[tuple[RawSignals, Times]] = (),
        sampling: Sampling = EVERY_FRAME,
        rare: Sequence[Flags] = (),
    ) -> Calibration:
        """Learnt from the raw signals [N] of held-out normal videos, whose judged frames were shown at these times [N].

        Their motion is in px a frame of `frame_seconds`: 0 where that is not known; None for what most of their frames
        last. `others` are more normal videos of which only the signals that need no network are known: scalers are
        learnt from all videos, the distribution of scores from those held out alone. Signals that are NaN in all
        held-out videos take no part. Of `rare` frames [N] of each video nobody knows whether they are normal: they
        count as far as their scores continue those of the others.

        Raises:
            TooLittleFootageError: together they are shorter than MIN_BLOCKS seconds.
        """
        names = [name for name in EVIDENCE if any(np.isfinite(signals[name]).any() for signals, _ in videos)]
        if not names:
            raise TooLittleFootageError
        frame_seconds = (
            usual_frame_seconds(*(t for _, t in videos)) if frame_seconds is None else frame_seconds
        ) or 0.0
        lights_of = lights_of_footage(videos, sampling)
        count = max((int(each.max()) + 1 for each in lights_of if len(each)), default=1)
        found = []
        for number in range(count):
            parts = videos_in_light(videos, lights_of, number)
            try:
                # Nobody knows in which light the others are.
                one = Light.of(parts, names, others if number == 0 else (), sampling, rare)
            except TooLittleFootageError:
                if number == 0:
                    raise
                continue
            found.append(one if count == 1 else replace(one, seconds=known_seconds(parts), videos=_with_any(parts)))
        first, *rest = found
        return cls(
            tuple(names),
            first.live,
            first.offline,
            first.seconds,
            first.videos,
            frame_seconds,
            first.reference,
            sampling=sampling,
            other_lights=tuple(rest),
        )

    @property
    def lights(self) -> tuple[Light, ...]:
        """All lights of the camera, the one with most footage first."""
        return Light(self.live, self.offline, self.seconds, self.videos, self.reference), *self.other_lights

    @property
    def references(self) -> References:
        """How the footage looked in each light; none where an earlier version calibrated."""
        return tuple(each.reference for each in self.lights if each.reference)

    def in_light(self, number: int) -> Calibration:
        """The calibration of one light alone."""
        if not self.other_lights:
            return self
        light = self.lights[number]
        return replace(
            self,
            live=light.live,
            offline=light.offline,
            seconds=light.seconds,
            videos=light.videos,
            reference=light.reference,
            other_lights=(),
        )

    def with_more(
        self,
        videos: Sequence[tuple[RawSignals, Times]],
        dismissed: Sequence[Flags],
        rare_seconds: int = 0,
    ) -> Calibration:
        """This calibration with more normal videos, given as in `of`: their maxima join its distributions.

        Evidence that stood out in frames [N] of each video that were `dismissed` as normal is scaled down, so far that
        most of them score no higher than one normal second in a hundred; what stands out otherwise still does. In other
        light than usual nothing is learnt; of several lights, each learns from what is of it.
        """
        if not self.other_lights:
            return self._with_more(videos, dismissed, rare_seconds)
        lights_of = [self.lights_of_frames(*video) for video in videos]
        learnt = []
        for number, light in enumerate(self.lights):
            parts = videos_in_light(videos, lights_of, number)
            seconds = known_seconds(parts)
            rare = round(rare_seconds * seconds / max(known_seconds(videos), 1))
            own = [flags & (lights == number) for flags, lights in zip(dismissed, lights_of, strict=True)]
            one = self.in_light(number)._with_more(parts, own, rare) if seconds else self.in_light(number)
            videos_of = light.videos + _with_any(parts)
            learnt.append(replace(one.lights[0], seconds=light.seconds + seconds, videos=videos_of))
        return self._of_lights(learnt)

    def with_lights(self, lights: Sequence[Light]) -> Calibration:
        """This calibration with further lights."""
        return self._of_lights([*self.lights, *lights])

    def _of_lights(self, lights: Sequence[Light]) -> Calibration:
        first, *rest = lights
        return replace(
            self,
            live=first.live,
            offline=first.offline,
            seconds=first.seconds,
            videos=first.videos,
            reference=first.reference,
            other_lights=tuple(rest),
        )

    def _with_more(
        self, videos: Sequence[tuple[RawSignals, Times]], dismissed: Sequence[Flags], rare_seconds: int
    ) -> Calibration:
        videos = [(usual_signals(signals, times, self.reference, self.sampling), times) for signals, times in videos]
        scales = {}
        for live, scale in ((True, self.live), (False, self.offline)):
            evidence = [self._evidence(*video, live) for video in videos]
            parts = [each[:, chosen] for each, chosen in zip(evidence, dismissed, strict=True)]
            standard = scale.standard.widened(np.concatenate(parts, axis=1), scale.tail.value_at(_UNUSUAL_AT_MOST))
            maxima = [
                block_maxima(self._bounded(standard.max_evidence(each), times, live), times)
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
        kinds = self._kinds(signals, seconds)
        scores = np.full(len(seconds), np.nan)
        for light, here, told in self._by_light(signals, kinds, seconds, live):
            scale = light.live if live else light.offline
            strongest = scale.standard.max_evidence(light._evidence(told, seconds, live))
            found = scale.tail.neg_log10_p(light._bounded(strongest, seconds, live))
            scores[here] = found[here]
        return scores

    def scores_by_signal(self, signals: RawSignals, seconds: Times) -> npt.NDArray[np.float64]:
        """The score [S, N] that frames would have by each signal of `evidence` alone; `scores` is the highest."""
        kinds = self._kinds(signals, seconds)
        scores = np.full((len(self.evidence), len(seconds)), np.nan)
        for light, here, told in self._by_light(signals, kinds, seconds, live=False):
            evidence = light._evidence(told, seconds, live=False)
            scaled = light.offline.standard.scaled(evidence).reshape(-1, len(self.evidence), len(seconds))
            strongest = light._bounded(scaled.max(axis=0), seconds, live=False)
            found = light.offline.tail.neg_log10_p(strongest.ravel()).reshape(strongest.shape)
            scores[:, here] = found[:, here]
        return scores

    def lights_of_frames(self, signals: RawSignals, seconds: Times) -> npt.NDArray[np.intp]:
        """The light of each frame [N] of a video."""
        return held_lights(self._kinds(signals, seconds), seconds)

    def in_condition(self, signals: RawSignals, seconds: Times, *, live: bool = False) -> npt.NDArray[np.bool_]:
        """Which frames [N] of a video say nothing, as the camera fails or its light changes there."""
        return unjudged(self._kinds(signals, seconds), seconds, live=live)

    @property
    def reach_seconds(self) -> float:
        """A frame's score depends on frames that are so near at most, rounded times included."""
        # Between samples, a frame's score lies between those of its neighbours.
        return max(self.smoothing_seconds) + 2 * ROUNDING_SECONDS + 2 * self.sampling.seconds + CONTEXT_SECONDS

    def reason(self, signals: RawSignals, seconds: Times, frame: int, *, live: bool = False) -> str:
        """Why a frame of a video has the score that it has: what its strongest evidence says, in words."""
        reach = self.reach_seconds
        first, stop = np.searchsorted(seconds, [seconds[frame] - reach, seconds[frame] + reach])
        # Frame 0 takes frame 1's, whatever it is smoothed over.
        part = slice(int(first), max(int(stop), frame + 2))
        near, times, row = signals[part], seconds[part], frame - part.start
        for light, here, told in self._by_light(near, self._kinds(near, times), times, live):
            if here[row]:
                evidence = light._evidence(told, times, live)[:, [row]]
                strongest = (light.live if live else light.offline).standard.strongest(evidence)
                return in_words(self.evidence[int(strongest[0]) % len(self.evidence)])
        return ""

    def expected_alarms(self, per_hour: float, hours: float) -> tuple[int, int]:
        """How many false alarms to expect in a recording, at the least and at the most, nine times in ten.

        Of several lights, whichever the recording is of.
        """
        low, high = zip(*(each.offline.tail.expected_alarms(per_hour, hours) for each in self.lights), strict=True)
        return min(low), max(high)

    def drifts(self, signals: RawSignals, seconds: Times) -> list[Drift]:
        """Where a video no longer looks like the footage that this was learnt from; nothing is known without it."""
        return find_drifts(self.references, signals, seconds)

    def other_rate(self, own_seconds: float | None) -> str:
        """That a video whose frames last so long has far more or fewer a second than the footage, in words; else empty.

        Motion is converted to one scale, but is measured over other spans of time, and prediction is one frame ahead.
        """
        if own_seconds is None or 1 / _FAR_FROM_RATE <= frame_ratio(own_seconds, self.frame_seconds) <= _FAR_FROM_RATE:
            return ""
        own, footage = 1 / own_seconds, 1 / self.frame_seconds
        text = tr("{rate:.3g} frames a second, the detector's calibration footage had {footage:.3g}")
        return text.format(rate=own, footage=footage)

    def _kinds(self, signals: RawSignals, seconds: Times) -> Kinds:
        return kinds_of_samples(signals, seconds, self.references, self.sampling)

    def _by_light(
        self, signals: RawSignals, kinds: Kinds, seconds: Times, live: bool
    ) -> Iterator[tuple[Calibration, Flags, RawSignals]]:
        """Each light of a video: its calibration, which frames [N] are judged in it, and their signals [N]."""
        flags = spoilt(kinds, seconds, live=live)
        told = without_conditions(signals, flags)
        is_other_light = in_other_light(kinds, seconds, live=live)
        lights = held_lights(kinds, seconds, live=live)
        flags |= beside_change(lights, seconds, live=live)
        for number in np.flatnonzero(np.bincount(lights)).tolist():
            light, here = self.in_light(number), lights == number
            own = without_conditions(told, ~here)
            if LOOKS in self.evidence and (is_other_light & here).any():
                # The encoder's features follow the light: everything looks unusual there, and moves as it does.
                own = own.copy()
                looks = own[LOOKS]
                usual = light.offline.standard.medians[self.evidence.index(LOOKS)]
                looks[is_other_light & ~np.isnan(looks)] = usual
            yield light, here & ~flags, own

    def _evidence(self, signals: RawSignals, seconds: Times, live: bool) -> npt.NDArray[np.float64]:
        return evidence_of(
            signals,
            seconds,
            live=live,
            names=self.evidence,
            smoothing_seconds=self.smoothing_seconds,
            sampling=self.sampling,
        )

    def _bounded(self, strongest: npt.NDArray[np.float64], seconds: Times, live: bool) -> npt.NDArray[np.float64]:
        """Evidence [..., N] of which no frame between samples has more, or less, than both samples beside it."""
        if live or self.sampling.is_every_frame:
            return strongest  # live, frames between samples have the evidence of the sample before
        return bounded_by_samples(strongest, seconds, self.sampling.frames(seconds))

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


def _with_any(videos: Sequence[tuple[RawSignals, Times]]) -> int:
    """In how many videos anything is known."""
    return sum(known_seconds([each]) > 0 for each in videos)
