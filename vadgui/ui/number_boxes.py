"""Fields for numbers: decimals stand after a point or a comma, whatever the language; nothing ambiguous is taken."""

from __future__ import annotations

import math
import re

from PySide6.QtCore import QLocale
from PySide6.QtGui import QValidator
from PySide6.QtWidgets import QAbstractSpinBox, QDoubleSpinBox, QSpinBox

from engine.common.language import number_text, scientific_text

_SEPARATORS = str.maketrans({",": ".", "٫": ".", "٬": ".", "’": ".", "'": ".", "\u00a0": " ", "\u202f": " "})
_UNFINISHED = re.compile(r"[\d.,'’٫٬ \u00a0\u202f-]*")
_NUMBER = re.compile(r"-?(\d+\.?|\d*\.\d+)")
_UNFINISHED_POWER = re.compile(r"\d*[.,]?\d*([eE]-?\d*)?")
_POWER = re.compile(r"(\d+\.?\d*|\.\d+)[eE](-?\d{1,2})")
_AMBIGUOUS = re.compile(r"-?[1-9]\d{0,2}\.\d{3}")
"""A thousand in some languages, one in others."""
_GROUPED = re.compile(r"\d{1,3}([. ]\d{3})+")

_Validated = tuple[QValidator.State, str, int]


def parse_number(text: str) -> float | None:
    """A number with decimals after a point or a comma; None where it is none, or might mean two."""
    plain = text.strip().translate(_SEPARATORS)
    if not _NUMBER.fullmatch(plain) or _AMBIGUOUS.fullmatch(plain):
        return None
    return float(plain)


def parse_whole_number(text: str) -> int | None:
    """A whole number, its thousands grouped or not; None where it is none."""
    plain = text.strip().translate(_SEPARATORS)
    if _GROUPED.fullmatch(plain):
        plain = plain.replace(".", "").replace(" ", "")
    return int(plain) if re.fullmatch(r"-?\d{1,18}", plain) else None


class NumberBox(QDoubleSpinBox):
    """A field for a number with decimals, in the language's writing; what it can't take leaves the value as it was."""

    def __init__(self) -> None:
        super().__init__()
        _set_up(self)

    def validate(self, text: str, position: int) -> _Validated:
        """Whether a text is a number of the range, with no more decimals than are kept."""
        bare = _without_affixes(self, text)
        number = self._parsed(bare)
        decimals = len(bare.strip().translate(_SEPARATORS).partition(".")[2])
        taken = number is not None and decimals <= self.decimals() and self.minimum() <= number <= self.maximum()
        return _state(bare, taken), text, position

    def valueFromText(self, text: str) -> float:  # noqa: N802 - Qt's name
        """The number that a text means; the present one where it means none."""
        number = self._parsed(_without_affixes(self, text))
        return self.value() if number is None else number

    def _parsed(self, bare: str) -> float | None:
        """As a number; what might also mean thousands does not where so many are beyond the range."""
        plain = bare.strip().translate(_SEPARATORS)
        if _AMBIGUOUS.fullmatch(plain) and abs(float(plain.replace(".", ""))) > self.maximum():
            return float(plain)
        return parse_number(bare)

    def textFromValue(self, value: float) -> str:  # noqa: N802 - Qt's name
        """With as many decimals as are kept."""
        return number_text(value, f".{self.decimals()}f")

    def fixup(self, text: str) -> str:
        """Leave a text as it is: Qt would take commas out, and make another number of it."""
        return text


class ScientificBox(QDoubleSpinBox):
    """A field for a number below one in scientific notation, as 2e-4; 0.0002 is taken, too."""

    def __init__(self, least: float, most: float) -> None:
        super().__init__()
        _set_up(self)
        self.setDecimals(1 - math.floor(math.log10(least)))
        self.setRange(least, most)

    def validate(self, text: str, position: int) -> _Validated:
        """Whether a text is a number of the range."""
        number = _parsed_power(text)
        if number is not None and self.minimum() <= number <= self.maximum():
            return QValidator.State.Acceptable, text, position
        unfinished = _UNFINISHED_POWER.fullmatch(text)
        return QValidator.State.Intermediate if unfinished else QValidator.State.Invalid, text, position

    def valueFromText(self, text: str) -> float:  # noqa: N802 - Qt's name
        """The number that a text means; the present one where it means none."""
        number = _parsed_power(text)
        return self.value() if number is None else number

    def textFromValue(self, value: float) -> str:  # noqa: N802 - Qt's name
        """With two digits."""
        return scientific_text(value)

    def stepBy(self, steps: int) -> None:  # noqa: N802 - Qt's name
        """To the next numbers with one digit, up or down."""
        value = self.value()
        for _ in range(abs(steps)):
            # A billionth more or less: above 1e-4 comes 2e-4, below it 9e-5.
            power = 10.0 ** math.floor(math.log10(value * (1 + 1e-9 if steps > 0 else 1 - 1e-9)))
            digit = math.floor(value / power + 1e-6) + 1 if steps > 0 else math.ceil(value / power - 1e-6) - 1
            value = min(max(digit * power, self.minimum()), self.maximum())
        self.setValue(value)
        self.selectAll()

    def fixup(self, text: str) -> str:
        """Leave a text as it is, as the other fields do."""
        return text


def _parsed_power(text: str) -> float | None:
    plain = text.strip().translate(_SEPARATORS)
    return float(plain) if _POWER.fullmatch(plain) else parse_number(plain)


class WholeNumberBox(QSpinBox):
    """A field for a whole number; what it can't take leaves the value as it was."""

    def __init__(self) -> None:
        super().__init__()
        _set_up(self)

    def validate(self, text: str, position: int) -> _Validated:
        """Whether a text is a whole number of the range."""
        bare = _without_affixes(self, text)
        number = parse_whole_number(bare)
        taken = number is not None and self.minimum() <= number <= self.maximum()
        return _state(bare, taken), text, position

    def valueFromText(self, text: str) -> int:  # noqa: N802 - Qt's name
        """The number that a text means; the present one where it means none."""
        number = parse_whole_number(_without_affixes(self, text))
        return self.value() if number is None else number

    def fixup(self, text: str) -> str:
        """Leave a text as it is: Qt would take commas out, and make another number of it."""
        return text


def _set_up(box: QAbstractSpinBox) -> None:
    locale = QLocale.c()
    locale.setNumberOptions(QLocale.NumberOption.OmitGroupSeparator)
    box.setLocale(locale)
    # Else the beginning of what is typed would count, though all of it is refused.
    box.setKeyboardTracking(False)


def _without_affixes(box: QDoubleSpinBox | QSpinBox, text: str) -> str:
    return text.removeprefix(box.prefix()).removesuffix(box.suffix())


def _state(bare: str, taken: bool) -> QValidator.State:
    """Whatever may become a number can be typed: to refuse single keys would make another number of what was meant."""
    if taken:
        return QValidator.State.Acceptable
    return QValidator.State.Intermediate if _UNFINISHED.fullmatch(bare) else QValidator.State.Invalid
