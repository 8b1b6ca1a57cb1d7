"""The light and the dark theme: named colours that all views draw with."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from enum import Enum
from string import Template

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QColor, QGuiApplication, QPalette
from PySide6.QtWidgets import QApplication

import resources


class ThemeChoice(Enum):
    """The theme that the person has chosen."""

    SYSTEM = "system"
    LIGHT = "light"
    DARK = "dark"


@dataclass(frozen=True)
class Theme:
    """Colours as "#rrggbb" ("#aarrggbb" for the translucent fills), ready for QColor and pyqtgraph's `mkColor`.

    Contrast follows WCAG AA: 4.5:1 for text on background and surface, 3:1 for lines and shapes. Blue and orange (after
    Okabe and Ito) differ for all kinds of colour vision, and no view may rely on colour alone.
    """

    name: str
    background: str
    """Background of the window."""
    surface: str
    """Background of lists, plots and fields."""
    raised: str
    """Background of buttons, and of rows under the mouse."""
    canvas: str
    """Background around pictures: dark in both themes, so that a picture looks the same."""
    on_canvas: str
    """Text on the canvas."""
    text: str
    muted_text: str
    """Units, hints and second lines; still readable."""
    border: str
    """Lines that separate regions; decoration only."""
    control_border: str
    """Border of buttons and fields."""
    accent: str
    """Blue: selection, score curve, links, focus."""
    on_accent: str
    alert: str
    """Orange: flagged segments and warnings."""
    on_alert: str
    threshold: str
    """The threshold line, drawn dashed."""
    playhead: str
    segment_fill: str
    """Translucent fill over the plot."""
    selected_segment_fill: str
    pending: str
    """Background of the parts of a recording that are not analysed yet."""
    grid: str
    """Grid lines of plots."""

    @property
    def dark(self) -> bool:
        """Whether text is lighter than its background."""
        return self.name == "dark"


LIGHT = Theme(
    name="light",
    background="#eef1f4",
    surface="#ffffff",
    raised="#e2e7ec",
    canvas="#14171a",
    on_canvas="#e8ebee",
    text="#1a1f25",
    muted_text="#535c66",
    border="#cfd5db",
    control_border="#76808b",
    accent="#0067a8",
    on_accent="#ffffff",
    alert="#ad4500",
    on_alert="#ffffff",
    threshold="#4a525b",
    playhead="#1a1f25",
    segment_fill="#40d55e00",
    selected_segment_fill="#80d55e00",
    pending="#e6eaee",
    grid="#dde2e7",
)

DARK = Theme(
    name="dark",
    background="#181b1f",
    surface="#20242a",
    raised="#2d333a",
    canvas="#0e1012",
    on_canvas="#e8ebee",
    text="#e8ebee",
    muted_text="#a5aeb8",
    border="#363d45",
    control_border="#79838e",
    accent="#56b4e9",
    on_accent="#0b1620",
    alert="#f0a030",
    on_alert="#1a1206",
    threshold="#b9c1c9",
    playhead="#ffffff",
    segment_fill="#40e69f00",
    selected_segment_fill="#80e69f00",
    pending="#292e35",
    grid="#2c3239",
)


_STYLED = "vadgui-styled"


class _Notifier(QObject):
    changed = Signal()

    def follow_system(self) -> None:
        """Apply the chosen theme, or the system's. A method of a QObject, as UniqueConnection requires."""
        scheme = QGuiApplication.styleHints().colorScheme()
        dark = _choice is ThemeChoice.DARK or (_choice is ThemeChoice.SYSTEM and scheme is Qt.ColorScheme.Dark)
        _apply(DARK if dark else LIGHT)


_notifier = _Notifier()
changed = _notifier.changed
"""Signal emitted after `current()` has changed; views connect it to repaint."""

_current = LIGHT
_choice = ThemeChoice.SYSTEM


def current() -> Theme:
    """The theme in use."""
    return _current


def choice() -> ThemeChoice:
    """The person's choice."""
    return _choice


def install(app: QApplication, new_choice: ThemeChoice) -> None:
    """Set the application's style and theme, and follow changes of the system's theme."""
    if not app.property(_STYLED):
        # Set the style only once: Qt crashes if it is replaced while a QWizard exists.
        app.setStyle("Fusion")
        app.setProperty(_STYLED, True)
    # UniqueConnection: tests call `install` many times for the same application.
    app.styleHints().colorSchemeChanged.connect(_notifier.follow_system, Qt.ConnectionType.UniqueConnection)
    choose(new_choice)


def choose(new_choice: ThemeChoice) -> None:
    """Change the theme of the running application."""
    global _choice
    _choice = new_choice
    schemes = {ThemeChoice.LIGHT: Qt.ColorScheme.Light, ThemeChoice.DARK: Qt.ColorScheme.Dark}
    # Title bars and native dialogs get the same colour scheme; Unknown means that of the system.
    QGuiApplication.styleHints().setColorScheme(schemes.get(new_choice, Qt.ColorScheme.Unknown))
    _notifier.follow_system()


def _apply(theme: Theme) -> None:
    global _current
    app = QApplication.instance()
    if not isinstance(app, QApplication):
        raise RuntimeError("a theme needs the application")
    _current = theme
    app.setPalette(palette(theme))
    app.setStyleSheet(style_sheet(theme))
    changed.emit()


def style_sheet(theme: Theme) -> str:
    """The application's style sheet in a theme's colours."""
    return Template(resources.style_sheet("window")).substitute(asdict(theme))


def palette(theme: Theme) -> QPalette:
    """Qt's palette in a theme's colours."""
    role = QPalette.ColorRole
    colours = {
        role.Window: theme.background,
        role.WindowText: theme.text,
        role.Base: theme.surface,
        role.AlternateBase: theme.background,
        role.Text: theme.text,
        role.PlaceholderText: theme.muted_text,
        role.Button: theme.raised,
        role.ButtonText: theme.text,
        role.BrightText: theme.alert,
        role.ToolTipBase: theme.surface,
        role.ToolTipText: theme.text,
        role.Highlight: theme.accent,
        role.HighlightedText: theme.on_accent,
        role.Accent: theme.accent,
        role.Link: theme.accent,
        role.LinkVisited: theme.accent,
        role.Light: theme.raised,
        role.Midlight: theme.raised,
        role.Mid: theme.border,
        role.Dark: theme.control_border,
        role.Shadow: theme.canvas,
    }
    new_palette = QPalette()
    for one, colour in colours.items():
        new_palette.setColor(one, QColor(colour))
    for one in (role.WindowText, role.Text, role.ButtonText):
        new_palette.setColor(QPalette.ColorGroup.Disabled, one, QColor(theme.control_border))
    return new_palette
