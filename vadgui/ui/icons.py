"""The SVG icons of resources/icons, drawn in the theme's colours."""

from __future__ import annotations

from functools import lru_cache

from PySide6.QtCore import QByteArray, QObject, Qt
from PySide6.QtGui import QAction, QIcon, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QAbstractButton

import resources
from vadgui.ui import theme

_SIZES_PX = (16, 20, 24, 32, 48, 64)  # small icons at display scales from 1 to 2
_PROGRAM_SIZES_PX = (16, 32, 48, 64, 128, 256)


def icon(name: str) -> QIcon:
    """Icon `name` of resources/icons in the current theme's text colour.

    Raises:
        VadError: there is no such icon.
    """
    colours = theme.current()
    return _tinted(name, colours.text, colours.control_border, colours.on_accent)


def program_icon() -> QIcon:
    """The program's icon, whose colours do not depend on the theme."""
    drawing = resources.icon_path("vadgui").read_bytes()
    new_icon = QIcon()
    for size in _PROGRAM_SIZES_PX:
        new_icon.addPixmap(_drawn(drawing, size))
    return new_icon


def set_icon(target: QAction | QAbstractButton, name: str) -> None:
    """Set the icon of an action or button, and update it when the theme changes; call again for another icon."""
    target.setIcon(icon(name))
    follower = target.findChild(_Follower, options=Qt.FindChildOption.FindDirectChildrenOnly)
    if follower is None:
        follower = _Follower(target)
        theme.changed.connect(follower.retint)
    follower.icon_name = name


class _Follower(QObject):
    """Updates its parent's icon when the theme changes; as a child it is deleted, and disconnected, with the parent."""

    icon_name = ""

    def retint(self) -> None:
        target = self.parent()
        if isinstance(target, QAction | QAbstractButton):
            target.setIcon(icon(self.icon_name))


@lru_cache(maxsize=256)
def _tinted(name: str, colour: str, disabled_colour: str, selected_colour: str) -> QIcon:
    drawing = resources.icon_path(name).read_text(encoding="utf-8")
    new_icon = QIcon()
    tints = {QIcon.Mode.Normal: colour, QIcon.Mode.Disabled: disabled_colour, QIcon.Mode.Selected: selected_colour}
    for mode, tint in tints.items():
        tinted = drawing.replace("currentColor", tint).encode()
        for size in _SIZES_PX:
            new_icon.addPixmap(_drawn(tinted, size), mode)
    return new_icon


def _drawn(drawing: bytes, size_px: int) -> QPixmap:
    pixmap = QPixmap(size_px, size_px)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    QSvgRenderer(QByteArray(drawing)).render(painter)
    painter.end()
    return pixmap
