"""The loss curves of a run as a picture."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from engine.common.atomic_write import atomic_write
from engine.common.events import Event, LossReported

_TITLES = {"motion": "Motion stage: error of the flow's colours (Eq. 1)", "frame": "Frame stage: loss (Eq. 5)"}
_LEARNT, _HELD_OUT = "#0072b2", "#d55e00"  # Okabe and Ito's, told apart by the colour-blind


def losses_of(events: Iterable[Event]) -> dict[str, list[LossReported]]:
    """Losses by stage and in the order of epochs; of an epoch that was repeated after a kill the newer one."""
    newest: dict[tuple[str, int], LossReported] = {}
    for event in events:
        if isinstance(event, LossReported):
            newest[event.stage, event.epoch] = event
    return {
        stage: [newest[key] for key in sorted(newest) if key[0] == stage]
        for stage in _TITLES
        if any(key[0] == stage for key in newest)
    }


def save_curves(losses: dict[str, list[LossReported]], path: Path) -> None:
    """Draw the losses of every stage, learnt from and held out, the best epoch marked.

    Raises:
        OSError: the disk is full, or the folder can't be written.
    """
    figure = Figure(figsize=(5.2 * max(len(losses), 1), 3.6), dpi=110, layout="constrained")
    canvas = FigureCanvasAgg(figure)
    for axes, (stage, reports) in zip(
        figure.subplots(1, max(len(losses), 1), squeeze=False)[0], losses.items(), strict=True
    ):
        _draw(axes, _TITLES[stage], reports)
    with atomic_write(path) as file:
        canvas.print_png(file)  # type: ignore[no-untyped-call]


def _draw(axes: Axes, title: str, reports: list[LossReported]) -> None:
    epochs = [report.epoch + 1 for report in reports]
    axes.plot(epochs, [report.loss for report in reports], ".-", color=_LEARNT, label="learnt from")
    validated = [(report.epoch + 1, report.held_out_loss) for report in reports if report.held_out_loss is not None]
    if validated:
        axes.plot(*zip(*validated, strict=True), ".-", color=_HELD_OUT, label="held out")
        best_epoch, best_loss = min(validated, key=lambda each: each[1])
        axes.plot(best_epoch, best_loss, "o", ms=10, mfc="none", color=_HELD_OUT, label="best")
    axes.set_title(title, fontsize=10)
    axes.set_xlabel("epoch")
    axes.set_ylim(bottom=0)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.grid(alpha=0.3)
    axes.legend(fontsize=9)
