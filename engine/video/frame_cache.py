"""Recently decoded frames, as many as fit into a number of bytes."""

from __future__ import annotations

from collections import OrderedDict

from engine.video.frame import Frame


class FrameCache:
    """Frames by number; the least recently used go first when the bytes run out."""

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._bytes = 0
        self._frames: OrderedDict[int, Frame] = OrderedDict()

    def __contains__(self, index: int) -> bool:
        return index in self._frames

    @property
    def size_bytes(self) -> int:
        """What the kept frames take."""
        return self._bytes

    def get(self, index: int) -> Frame | None:
        """A frame that is kept, which now counts as used."""
        frame = self._frames.get(index)
        if frame is not None:
            self._frames.move_to_end(index)
        return frame

    def put(self, frame: Frame) -> None:
        """Keep a frame; the newest one stays even when it alone is too large."""
        replaced = self._frames.pop(frame.index, None)
        if replaced is not None:
            self._bytes -= replaced.pixels.nbytes
        self._frames[frame.index] = frame
        self._bytes += frame.pixels.nbytes
        while self._bytes > self._max_bytes and len(self._frames) > 1:
            _, oldest = self._frames.popitem(last=False)
            self._bytes -= oldest.pixels.nbytes

    def clear(self) -> None:
        """Let all frames go."""
        self._frames.clear()
        self._bytes = 0
