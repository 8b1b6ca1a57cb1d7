"""Reports of hand-made figures: contents of JSON and tables, and how undefined figures are shown."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from engine.common.errors import ExportError
from engine.evaluation.places import PlaceFigures
from engine.evaluation.plots import draw_plots
from engine.evaluation.report import Evaluation, as_json, in_words, table, write_json
from engine.evaluation.score_figures import figures_of
from engine.scoring.scorers import scorers_of
from tests.engine.evaluation.test_score_figures import NAN, VIDEOS, video

ABNORMAL_THROUGHOUT = video("03", "xxxxx", [NAN, 30, 31, 32, 33], [NAN, 30, 31, 32, 33])


def evaluation(*videos: object, complete: bool = True) -> Evaluation:
    chosen = list(videos)
    return Evaluation(
        "Tiny",
        complete,
        {"name": "still"},
        "memory",
        chosen,
        {scorer.name: figures_of(chosen, scorer) for scorer in scorers_of(None)},
    )


def test_the_json_has_the_documented_keys() -> None:
    found = as_json(evaluation(*VIDEOS, ABNORMAL_THROUGHOUT), "paper-patch", command="vad evaluate tiny", max_i=None)
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    assert (found["frames"], found["abnormal"]) == (15, 9)
    assert set(found["scores"]) >= {"paper", "paper-patch"}
    for each in (found, *found["scores"].values()):
        assert all(0 <= each[key] <= 1 for key in ("micro_auc", "macro_auc", "unpadded_macro_auc", "global_auc"))
    assert found["score"] == "paper-patch"
    assert found["micro_auc"] == found["scores"]["paper-patch"]["micro_auc"]
    assert [row["auc"] for row in found["videos"]] == [
        {"paper": 0.0, "paper-patch": 1.0},
        {"paper": 1.0, "paper-patch": 0.0},
        {"paper": None, "paper-patch": None},
    ]
    assert found["videos"][2] | {"auc": 0} == {
        "name": "03", "frames": 5, "abnormal": 5, "events": 1, "seconds": 0.5, "auc": 0
    }  # fmt: skip
    assert found["scores"]["paper"]["events"]["detected"] == 2
    misses = found["scores"]["paper"]["misses"]
    assert [set(point) for point in misses] == [{"threshold", "false_alarms_per_hour", "missed"}] * len(misses)
    assert misses[-1]["missed"] == 0
    ranked = found["scores"]["paper"]["ranked"]
    assert ranked["by_moments"] == {"5": 3, "10": 3, "20": 3}
    assert set(ranked["by_footage"]) == {"0.05", "0.1", "0.2"}
    assert found["command"] == "vad evaluate tiny"
    assert {"python", "numpy", "torch", "vadgui"} <= set(found["versions"])


def test_the_tables_show_all_figures() -> None:
    text = in_words(evaluation(*VIDEOS, ABNORMAL_THROUGHOUT, complete=False))
    assert "not the complete dataset" in text
    rows = [line.split() for line in text.splitlines() if line]
    assert ["01", "5", "2", "1", "0.00", "100.00"] in rows
    assert ["03", "5", "5", "1", "–", "–"] in rows
    assert ["all", "15", "9", "3"] in rows
    assert "2/3" in text
    ranked = text[text.index("events seen, most suspicious first") :].splitlines()[1].split()
    assert ranked[-3:] == ["3/3", "3/3", "3/3"]


def test_figures_by_place_are_told_where_there_are_some() -> None:
    found = replace(evaluation(*VIDEOS), places=PlaceFigures(frames=40, found=30, outlined=0.025, rbdc=0.5, tbdc=0.8))
    assert "overlaps the labelled pixels in 75.00 % of 40 frames" in in_words(found)
    assert "RBDC 50.00 %, TBDC 80.00 %" in in_words(found)
    report = as_json(found, "paper", command="", max_i=None)
    assert report["places"] == {
        "frames": 40, "found": 30, "outlined": 0.025, "rbdc": 0.5, "tbdc": 0.8, "share": 0.75
    }  # fmt: skip
    assert "places" not in as_json(evaluation(*VIDEOS), "paper", command="", max_i=None)


def test_without_events_the_tables_have_dashes() -> None:
    normal = video("01", ".....", [NAN, 30, 31, 32, 33], [NAN, 30, 31, 32, 33])
    found = evaluation(normal)
    assert "–" in in_words(found)
    report = as_json(found, "paper", command="", max_i=1.0)
    assert report["micro_auc"] is None
    # The padding's abnormal frame ties with frames 0 and 1, and ranks above all others.
    assert report["macro_auc"] == pytest.approx((0.5 + 0.5 + 1 + 1 + 1 + 1) / 6)
    assert report["max_i"] == 1.0


def test_columns_line_up() -> None:
    assert table(["a", "bb"], [["ccc", "d"], ["e", ""]]) == "a    bb\nccc   d\ne"


def test_a_report_replaces_an_older_one_or_raises_an_error(tmp_path: Path) -> None:
    path = tmp_path / "found.json"
    path.write_text("old")
    write_json(path, {"a": 1})
    assert json.loads(path.read_text()) == {"a": 1}
    with pytest.raises(ExportError, match="can't be written"):
        write_json(tmp_path / "absent" / "found.json", {})


@pytest.mark.slow
def test_plots_show_every_video(tmp_path: Path) -> None:
    import cv2

    many = [video(f"{n:02}", "..xx.", [NAN, 30, 20, 25, 31], [NAN, 30, 20, 25, 31]) for n in range(13)]
    found = evaluation(*many)
    written = draw_plots(tmp_path / "plots", "Tiny", found.videos, found.figures, "paper")
    assert [path.name for path in written] == ["roc.png", "misses.png", "scores-1.png", "scores-2.png"]
    page, rest = (cv2.imread(str(path), cv2.IMREAD_COLOR_RGB) for path in written[2:])
    shaded = [(np.abs(picture.astype(int) - (246, 217, 184)).max(axis=2) < 3).sum() for picture in (page, rest)]
    # The second page shows one of thirteen videos, in a slightly larger plot.
    assert shaded[0] > 5 * shaded[1] > 0
    shutil.rmtree(tmp_path / "plots")
    (tmp_path / "plots").write_text("")
    with pytest.raises(ExportError, match="can't be written"):
        draw_plots(tmp_path / "plots", "Tiny", found.videos, found.figures, "paper")
