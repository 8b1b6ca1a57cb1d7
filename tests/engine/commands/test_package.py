from __future__ import annotations

from pathlib import Path

from click.testing import CliRunner, Result

from engine.__main__ import cli
from engine.review.document import JudgedSegment, Verdict
from tests.clips import make_clip
from tests.engine.commands.reviews import write_review


def vad(*arguments: object) -> Result:
    return CliRunner().invoke(cli, [str(each) for each in arguments])


def reviewed_clip(folder: Path) -> Path:
    video = make_clip(folder / "gate.mp4", 40)
    return write_review(
        video,
        JudgedSegment(start=2, stop=5, verdict=Verdict.CONFIRMED, note="<b>by the gate</b>"),
        JudgedSegment(start=20, stop=25, verdict=Verdict.DISMISSED),
    )


def test_a_package_is_made_and_verified(tmp_path: Path) -> None:
    review = reviewed_clip(tmp_path)
    made = vad("package", review, "--out", tmp_path / "package", "--quiet")
    assert made.exit_code == 0, made.output
    path, checksum = made.stdout.splitlines()
    assert path == str(tmp_path / "package")
    assert (tmp_path / "package/data/review/gate.mp4.review.json").read_bytes() == review.read_bytes()
    ran = vad("verify", tmp_path / "package")
    assert ran.exit_code == 0
    assert ran.stdout.splitlines()[-1] == checksum
    assert ", whole" in ran.stdout
    (tmp_path / "package/data/report.html").write_text("nothing was found")
    (tmp_path / "package/data/clips/gate.segment-1.working-copy.cut.mp4").unlink()
    (tmp_path / "package/data/clips/more.mp4").touch()
    ran = vad("verify", tmp_path / "package")
    assert ran.exit_code == 1
    assert ran.stdout.splitlines()[:3] == [
        "changed: data/report.html",
        "missing: data/clips/gate.segment-1.working-copy.cut.mp4",
        "extra: data/clips/more.mp4",
    ]
    assert "NOT whole" in ran.stdout


def test_a_damaged_review_is_packaged_as_its_backup_says(tmp_path: Path) -> None:
    review = reviewed_clip(tmp_path)
    backup = review.with_name(f".{review.name}.1")
    backup.write_bytes(review.read_bytes())
    review.write_bytes(b"{")
    ran = vad("package", review, "--out", tmp_path / "package", "--hash-only", "--clips", "all")
    assert ran.exit_code == 0, ran.output
    assert "backup" in ran.stderr
    assert (tmp_path / "package/data/review" / review.name).read_bytes() == backup.read_bytes()
    assert not (tmp_path / "package/data/originals").exists()
    assert len(list((tmp_path / "package/data/clips").iterdir())) == 4


def test_what_can_not_be_packaged_is_told(tmp_path: Path) -> None:
    review = reviewed_clip(tmp_path)
    before = sorted(tmp_path.iterdir())
    for arguments, said in (
        ((review, "--out", tmp_path), "already"),
        ((tmp_path / "gate.mp4", "--out", tmp_path / "package"), "NAME.review.json"),
        ((review, "--out", tmp_path / "gate.mp4" / "package"), "can't be written"),
    ):
        ran = vad("package", *arguments)
        assert (ran.exit_code > 0, said in ran.stderr) == (True, True), ran.output
    assert sorted(tmp_path.iterdir()) == before
    ran = vad("verify", tmp_path)
    assert (ran.exit_code, "no evidence package" in ran.stderr) == (1, True)
