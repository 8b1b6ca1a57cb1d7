"""The interface of video files and picture folders: random access to frames by number."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt

from engine.common.errors import VideoError
from engine.common.events import ShouldStop, never_stop
from engine.common.language import tr
from engine.video.frame import ConcealedFrames, Frame, LostFrames
from engine.video.scaling import SquareScaler
from engine.video.shape import Shaped, Size
from engine.video.timing import frame_ends
from engine.video.wall_clock import RecordingStart

PICTURES = "pictures"
CACHE_BYTES = 256 << 20
"""Default size of a source's frame cache: 80 decoded frames of 1080p."""
ASSUMED_FPS = 25.0
"""Pictures and some raw streams carry no times; most datasets that come as folders of pictures have this rate."""
Rate = Literal["stored", "given", "assumed"]
_MIN_FRAME_SECONDS = 1e-3


@dataclass(frozen=True)
class VideoInfo(Shaped):
    """Facts of a video that are known without decoding all of it."""

    path: Path
    name: str
    """File or folder name, for people."""
    width_px: int
    """As it is to be shown: after rotation, with square pixels."""
    height_px: int
    frame_count: int
    duration_seconds: float
    """From the first frame's time to the end of the last, gaps included."""
    average_fps: float
    """Of what there is between gaps."""
    codec: str
    """FFmpeg's name ("h264", "mpeg4", ...) or PICTURES."""
    fingerprint: str
    """Identifies the content, not the path: the same file moved or renamed keeps it."""
    start: RecordingStart | None = None
    """When its first frame was taken, where its name or its metadata says so."""
    has_sound: bool = False
    """Whether there is sound beside the pictures; nothing here reads it."""
    rate: Rate = "stored"
    """Where frame times come from: the file says them or their rate, a person gave the rate, or nobody knows it."""
    times_are_made: bool = False
    """Whether frames have other times than those stored with them: of decoding, by the rate, or replaced ones."""
    lost: tuple[LostFrames, ...] = ()
    """Frames that can't be decoded, as far as is known: a full pass finds all."""
    concealed: tuple[ConcealedFrames, ...] = ()
    """Frames whose pictures may be wrong, as far as is known: a full pass finds all that the decoder notices."""
    replaced_times: tuple[int, ...] = ()
    """Frames whose stored times did not go forward and were replaced, ascending."""
    announced_seconds: float = 0.0
    """How long the file's header says that it lasts; 0 where it does not."""
    unread_bytes: int = 0
    """How much of the file is damaged so that nobody knows what was recorded there."""
    other_videos: int = 0
    """How many more videos the file holds, such as that of a second camera; nothing here reads them."""
    unstretched_px: Size | None = None
    """Width and height of stored pictures after rotation, where their pixels are not square."""

    @property
    def shown_seconds(self) -> float:
        """How long there are pictures: the duration without gaps."""
        return self.frame_count / self.average_fps

    @property
    def has_own_times(self) -> bool:
        """Whether it is known when frames come; folders of pictures and some raw streams do not say it."""
        return self.rate != "assumed"


def frame_at(times: npt.NDArray[np.floating], seconds: float) -> int:
    """Number of the frame on screen at `seconds`, clamped to the frames with start `times` [N]; 0 without frames."""
    # Half a microsecond of tolerance: a time that was rounded for printing must still find its frame.
    number = int(np.searchsorted(times, seconds + 5e-7, side="right")) - 1
    return min(max(number, 0), max(len(times) - 1, 0))


def ends_of(info: VideoInfo, times: npt.NDArray[np.floating]) -> npt.NDArray[np.float64]:
    """When each frame [N] of a video leaves the screen; gaps show nothing."""
    ends = frame_ends(times)
    ends[-1:] = np.maximum(times[-1:], info.duration_seconds)
    return ends


def size_bytes(path: Path) -> int:
    """How much a recording takes on the disk.

    Raises:
        VideoError: it can't be read.
    """
    try:
        files = [each for each in path.rglob("*") if each.is_file()] if path.is_dir() else [path]
        return sum(each.stat().st_size for each in files)
    except OSError as error:
        raise VideoError(tr("The recording can't be read"), subject=path, advice=f"{error.strerror}.") from error


def own_frame_seconds(info: VideoInfo, times: npt.NDArray[np.floating]) -> float | None:
    """Median frame duration of a video with frames at `times` [N]; None when the video stores no times."""
    return usual_frame_seconds(times) if info.has_own_times else None


def usual_frame_seconds(*videos: npt.NDArray[np.floating]) -> float | None:
    """Median frame duration over videos, given the frame times [N] of each; None without two frames in a video."""
    gaps = np.concatenate([np.diff(seconds) for seconds in videos]) if videos else np.empty(0)
    return max(float(np.median(gaps)), _MIN_FRAME_SECONDS) if len(gaps) else None


def check_number(number: int, source: VideoSource) -> None:
    """Refuse the number of a frame that the source does not have.

    Raises:
        IndexError: there is no such frame.
    """
    if not 0 <= number < len(source):
        raise IndexError(f"{source.info.name} has no frame {number}, only 0 to {len(source) - 1}")


def checked_numbers(wanted: Sequence[int] | npt.NDArray[np.integer], source: VideoSource) -> list[int]:
    """Frame numbers as a list of int, checked against the source.

    Raises:
        IndexError: there is no such frame.
        ValueError: they don't ascend.
    """
    numbers = np.asarray(wanted, np.int64)
    if (np.diff(numbers) <= 0).any():
        raise ValueError("the numbers of wanted frames must ascend")
    for number in (*numbers[:1], *numbers[-1:]):
        check_number(number, source)
    return [int(number) for number in numbers]


def square_frame(frame: Frame, scaler: SquareScaler) -> Frame:
    """A frame with its pixels scaled to a square, read-only."""
    pixels = scaler.scale(frame.stored)
    pixels.flags.writeable = False
    return replace(frame, stored=pixels, shown_px=None)


class VideoSource(ABC):
    """Random access by exact frame number; to be used by one thread at a time."""

    @property
    @abstractmethod
    def info(self) -> VideoInfo:
        """Facts of the video; a full pass of `frames` corrects count and duration when the container was wrong."""

    def __len__(self) -> int:
        return self.info.frame_count

    @property
    @abstractmethod
    def times(self) -> npt.NDArray[np.float64]:
        """Presentation times [N] of all frames in seconds since the first frame's; increasing, read-only."""

    @property
    def frame_seconds(self) -> float | None:
        """Median frame duration; None when the video stores no times."""
        return own_frame_seconds(self.info, self.times)

    @property
    def keyframes(self) -> npt.NDArray[np.int64]:
        """Numbers [K] of the keyframes, ascending from 0: decoding can start there, so they are the fastest to read."""
        return np.arange(len(self), dtype=np.int64)

    @property
    def numbers_are_certain(self) -> bool:
        """Whether frame numbers after a seek are sure to equal those of a pass from the start.

        A damaged file may hold fewer frames than its container lists; only a full pass reveals that.
        """
        return True

    def verify(self, should_stop: ShouldStop = never_stop) -> None:
        """Make numbers, times and what is known of lost frames certain, which may take decoding all once.

        Raises:
            Cancelled: `should_stop` said yes.
        """
        del should_stop

    def is_changed(self) -> bool:
        """Whether the recording is another by now than what was opened; not where it is gone or can't be read."""
        return False

    def index_at(self, seconds: float) -> int:
        """Number of the frame on screen at a time; clamped to the video."""
        return frame_at(self.times, seconds)

    @abstractmethod
    def read(self, index: int, should_stop: ShouldStop = never_stop) -> Frame:
        """Exactly frame `index`, from the cache or decoded from the keyframe before it.

        Raises:
            IndexError: there is no such frame.
            VideoError: the frame can't be decoded.
            Cancelled: `should_stop` said yes.
        """

    @abstractmethod
    def frames(self, start: int = 0, stop: int | None = None, should_stop: ShouldStop = never_stop) -> Iterator[Frame]:
        """Frames [start, stop) in order, from a separate decoder that does not affect `read` and its cache.

        Raises:
            VideoError: a frame can't be decoded.
            Cancelled: `should_stop` said yes.
        """

    def pictures(
        self, wanted: Sequence[int] | npt.NDArray[np.integer], size: int, should_stop: ShouldStop = never_stop
    ) -> Iterator[Frame]:
        """Exactly the `wanted` frames, ascending, as squares: their pixels are uint8 [size, size, 3], scaled by area.

        A separate decoder, which does not affect `read` and its cache, decodes only what these frames depend on and
        converts only these frames. Frames are numbered like `times`. When a frame reveals that the index is wrong, a
        full pass corrects it first: from there on the numbers are the corrected ones, and numbers past the last frame
        are skipped.

        Raises:
            IndexError: there is no such frame.
            ValueError: the numbers don't ascend.
            VideoError: a frame can't be decoded.
            Cancelled: `should_stop` said yes.
        """
        numbers = checked_numbers(wanted, self)
        scaler = SquareScaler(*self.info.stored_px, size)
        for number in numbers:
            for frame in self.frames(number, number + 1, should_stop):
                yield square_frame(frame, scaler)

    @abstractmethod
    def prefetch(self, start: int, stop: int, should_stop: ShouldStop = never_stop) -> None:
        """Decode frames [start, stop) into the cache that `read` uses; returns early when `should_stop` is True."""

    @abstractmethod
    def close(self) -> None:
        """Free decoder and cache; closing twice is fine."""

    def __enter__(self) -> VideoSource:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()
