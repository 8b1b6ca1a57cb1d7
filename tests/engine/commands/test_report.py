from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from engine.__main__ import cli
from engine.review.document import JudgedSegment, Verdict
from tests.clips import make_clip
from tests.engine.commands.reviews import write_review


def vad_report(*arguments: object) -> Result:
    return CliRunner().invoke(cli, ["report", *map(str, arguments)])


def test_the_report_of_a_review(tmp_path: Path) -> None:
    video = make_clip(tmp_path / "gate_20260301_101500.mp4", 12)
    review = write_review(video, JudgedSegment(start=2, stop=5, verdict=Verdict.CONFIRMED, note="by the gate"))
    ran = vad_report(review, "--out", tmp_path / "report.html", "--quiet")
    assert (ran.exit_code, ran.stdout) == (0, f"{tmp_path / 'report.html'}\n"), ran.output
    text = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "by the gate" in text
    assert "2026-03-01 10:15:00" in text


@pytest.mark.parametrize(
    ("name", "out", "said"),
    [
        ("gate.mp4", "report.html", "NAME.review.json"),
        ("gate.mp4.review.json", "report.pdf", "HTML"),
        ("gate.mp4.review.json", "missing/report.html", "can't be written"),
        ("gate.mp4.review.json", "gate.mp4", "already"),
    ],
)
def test_what_can_not_be_reported_is_told(tmp_path: Path, name: str, out: str, said: str) -> None:
    write_review(make_clip(tmp_path / "gate.mp4", 12), JudgedSegment(start=2, stop=5, verdict=Verdict.UNSURE))
    before = sorted(tmp_path.iterdir())
    ran = vad_report(tmp_path / name, "--out", tmp_path / out)
    assert (ran.exit_code > 0, said in ran.stderr) == (True, True), ran.output
    assert sorted(tmp_path.iterdir()) == before
