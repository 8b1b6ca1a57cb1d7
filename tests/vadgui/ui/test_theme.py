"""The themes' colours: contrast for readable text, and differences that the colour-blind see."""

from __future__ import annotations

import itertools
from dataclasses import asdict

import numpy as np
import pytest
from PySide6.QtGui import QAction, QColor
from PySide6.QtWidgets import QApplication, QWidget

from vadgui.ui import theme
from vadgui.ui.icons import icon, program_icon, set_icon

THEMES = [theme.LIGHT, theme.DARK]
AA_TEXT, AA_GRAPHICS = 4.5, 3.0
# Matrices [3, 3] that turn linear RGB into what a protanope or a deuteranope sees (Viénot, Brettel and Mollon, 1999).
COLOUR_BLIND = {
    "protanopia": [[0.11238, 0.88762, 0.0], [0.11238, 0.88762, 0.0], [0.00401, -0.00401, 1.0]],
    "deuteranopia": [[0.29275, 0.70725, 0.0], [0.29275, 0.70725, 0.0], [-0.02234, 0.02234, 1.0]],
}


def linear(colour: str) -> np.ndarray:
    value = np.array([int(colour[-6:][i : i + 2], 16) / 255 for i in (0, 2, 4)])
    return np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)


def contrast(one: str, other: str) -> float:
    """Contrast ratio of two colours after WCAG 2.1, from 1 to 21."""
    low, high = sorted(float(linear(colour) @ [0.2126, 0.7152, 0.0722]) for colour in (one, other))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("shown", THEMES, ids=lambda t: t.name)
@pytest.mark.parametrize("text", ["text", "muted_text", "accent", "alert"])
@pytest.mark.parametrize("behind", ["background", "surface", "raised"])
def test_text_is_readable(shown: theme.Theme, text: str, behind: str) -> None:
    assert contrast(getattr(shown, text), getattr(shown, behind)) >= AA_TEXT


@pytest.mark.parametrize("shown", THEMES, ids=lambda t: t.name)
def test_text_on_colours_is_readable(shown: theme.Theme) -> None:
    for text, behind in (("on_accent", "accent"), ("on_alert", "alert"), ("on_canvas", "canvas")):
        assert contrast(getattr(shown, text), getattr(shown, behind)) >= AA_TEXT


@pytest.mark.parametrize("shown", THEMES, ids=lambda t: t.name)
@pytest.mark.parametrize("drawn", ["control_border", "threshold", "playhead"])
def test_drawn_lines_are_visible(shown: theme.Theme, drawn: str) -> None:
    assert contrast(getattr(shown, drawn), shown.background) >= AA_GRAPHICS
    assert contrast(getattr(shown, drawn), shown.surface) >= AA_GRAPHICS


@pytest.mark.parametrize("shown", THEMES, ids=lambda t: t.name)
@pytest.mark.parametrize("sight", COLOUR_BLIND)
def test_the_colour_blind_can_tell_score_from_segments(shown: theme.Theme, sight: str) -> None:
    matrix = np.array(COLOUR_BLIND[sight])
    seen = [matrix @ linear(colour) for colour in (shown.accent, shown.alert)]
    assert np.abs(seen[0] - seen[1]).max() > 0.2


def test_all_colours_are_valid_colour_names() -> None:
    for shown, (name, value) in itertools.product(THEMES, asdict(theme.LIGHT).items()):
        if name != "name":
            assert QColor.isValidColorName(getattr(shown, name)), value


def test_a_chosen_theme_overrides_the_systems(styled: None, qapp: QApplication) -> None:
    del styled
    seen: list[str] = []
    theme.changed.connect(lambda: seen.append(theme.current().name))
    theme.choose(theme.ThemeChoice.DARK)
    assert theme.current() is theme.DARK
    assert qapp.palette().window().color() == QColor(theme.DARK.background)
    theme.choose(theme.ThemeChoice.LIGHT)
    assert theme.current() is theme.LIGHT
    assert seen[-1] == "light"
    assert "dark" in seen


def test_icons_follow_the_theme(styled: None) -> None:
    del styled
    owner = QWidget()
    action = QAction(owner)
    set_icon(action, "play")
    set_icon(action, "pause")

    def lightness() -> int:
        image = action.icon().pixmap(24, 24).toImage()
        pixels = [image.pixelColor(x, y) for x in range(24) for y in range(24)]
        return max(pixels, key=QColor.alpha).lightness()

    assert lightness() < 60
    theme.choose(theme.ThemeChoice.DARK)
    assert lightness() > 180
    assert action.icon().cacheKey() == icon("pause").cacheKey()


def test_there_is_a_program_icon(qapp: QApplication) -> None:
    del qapp
    assert not program_icon().pixmap(64, 64).isNull()
