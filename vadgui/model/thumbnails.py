"""Small pictures of a recording's frames, asked for as they come into sight."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal

from vadgui.model.frame_view import Bgra


class Thumbnails(QObject):
    """Keeps small pictures by frame; each is asked for once."""

    requested = Signal(int)
    """Number of a frame."""
    arrived = Signal(int)
    """Number of a frame."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._pictures: dict[int, Bgra] = {}
        self._asked: set[int] = set()

    def get(self, index: int) -> Bgra | None:
        """The picture of a frame, or None and `arrived` later."""
        if index not in self._pictures and index not in self._asked:
            self._asked.add(index)
            self.requested.emit(index)
        return self._pictures.get(index)

    def add(self, index: int, picture: Bgra) -> None:
        """Take over the picture of a frame."""
        self._pictures[index] = picture
        self.arrived.emit(index)

    def clear(self) -> None:
        """Another recording is open."""
        self._pictures.clear()
        self._asked.clear()

    def forget_requests(self) -> None:
        """The worker has dropped what was asked of it: what is still missing is to be asked for anew."""
        self._asked.intersection_update(self._pictures)

    def renew(self) -> None:
        """Ask for every picture again; until then the old ones stay."""
        for index in self._pictures:
            self.requested.emit(index)
