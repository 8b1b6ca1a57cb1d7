"""The view of a run's samples: pictures of the models' predictions, the latest or any earlier one."""

from __future__ import annotations

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QSlider, QVBoxLayout, QWidget

from engine.common.language import tr, tr_noop
from vadgui.training.model.training_run import Sample, TrainingRun
from vadgui.training.model.wizard_state import WizardState
from vadgui.ui import theme
from vadgui.ui.widgets import text_label

_MIN_HEIGHT_PX = 120
_PADDING_PX = 12
_CAPTIONS = {
    "motion": tr_noop("Left to right: what it sees, how that really moves, how it thinks that it moves."),
    "frame": tr_noop("Left to right: what really came next, what it predicted, the difference."),
}


class SampleView(QWidget):
    """Shows a sample with its caption, and a slider to choose one."""

    def __init__(self, state: WizardState, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._state = state
        self._requested: Sample | None = None
        self._run: TrainingRun | None = None
        self._follows_latest = True
        self.picture = _Picture()
        self.pass_text = QLabel()
        self.caption = text_label("", "muted")
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setFixedWidth(180)
        self.slider.setAccessibleName(tr("Sample"))
        self.slider.setToolTip(tr("Earlier and later samples"))
        self.slider.valueChanged.connect(self._show)
        self.slider.sliderMoved.connect(self._slider_moved)
        below = QHBoxLayout()
        below.addWidget(self.pass_text, 1)
        below.addWidget(self.slider)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addWidget(self.picture, 1)
        layout.addLayout(below)
        layout.addWidget(self.caption)
        state.sample_shown.connect(self._show_image)

    def show_run(self, run: TrainingRun | None) -> None:
        """Show the samples of another run."""
        if self._run:
            self._run.samples_changed.disconnect(self._update_samples)
        self._run, self._follows_latest = run, True
        if run:
            run.samples_changed.connect(self._update_samples)
        self._update_samples()

    def _update_samples(self) -> None:
        samples = self._run.samples if self._run else []
        self.slider.setRange(0, max(len(samples) - 1, 0))
        self.slider.setVisible(len(samples) > 1)
        if self._follows_latest:
            self.slider.setValue(self.slider.maximum())
        self._show()

    def _slider_moved(self, value: int) -> None:
        # With the slider at its end, new samples are shown as they come; elsewhere it stays at the chosen sample.
        self._follows_latest = value == self.slider.maximum()

    def _show(self) -> None:
        samples = self._run.samples if self._run else []
        if not samples:
            self._requested = None
            self.pass_text.setText("")
            self.caption.setText("")
            self.picture.show_image(QImage())
            return
        sample = samples[min(self.slider.value(), len(samples) - 1)]
        self.pass_text.setText(tr("After pass {number}").format(number=sample.epoch + 1))
        self.caption.setText(tr(_CAPTIONS.get(sample.stage, "")))
        if sample != self._requested:
            self._requested = sample
            self._state.sample_requested.emit(sample)

    def _show_image(self, sample: Sample, image: QImage) -> None:
        if sample == self._requested:
            self.picture.show_image(image)


class _Picture(QWidget):
    """Paints a picture in its aspect ratio, centred on the canvas."""

    def __init__(self) -> None:
        super().__init__()
        self._image = QImage()
        self.setMinimumHeight(_MIN_HEIGHT_PX)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    @property
    def image(self) -> QImage:
        """The picture on screen; null before the first sample."""
        return self._image

    def show_image(self, image: QImage) -> None:
        self._image = image
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(theme.current().canvas))
        if self._image.isNull():
            painter.setPen(QColor(theme.current().on_canvas))
            rect = self.rect().adjusted(_PADDING_PX, 0, -_PADDING_PX, 0)
            flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
            painter.drawText(rect, flags, tr("Samples of what it has learnt will come here"))
            return
        size: QSize = self._image.size().scaled(self.size(), Qt.AspectRatioMode.KeepAspectRatio)
        rect = QRect(0, 0, size.width(), size.height())
        rect.moveCenter(self.rect().center())
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.drawImage(rect, self._image)
