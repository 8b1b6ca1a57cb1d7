"""What the dialog "Hand over" says and chooses."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QMessageBox
from pytestqt.qtbot import QtBot

from engine.common.names import name_bytes
from engine.export import estimate
from engine.export.clip import ClipLayout
from engine.hand_over.jobs import ClipsJob, ExportJob, TablesJob
from engine.hand_over.joint_jobs import PackageJob, ReportJob
from engine.review.document import Verdict
from engine.video.encoding import ClipFormat, Encoding, Quality
from tests.engine.export.reviews import reviewed
from vadgui.dialogs.hand_over.dialog import HandOverDialog
from vadgui.dialogs.hand_over.page import SegmentsBox
from vadgui.model.snapshot import ReviewSnapshot
from vadgui.settings import Settings


@pytest.fixture
def video(tmp_path: Path) -> Path:
    path = tmp_path / "gate.mp4"
    path.write_bytes(bytes(3000))
    return path


def open_dialog(
    qtbot: QtBot, settings: Settings, video: Path, *, has_sound: bool = False, selected: int | None = 0
) -> HandOverDialog:
    recording = reviewed(video)
    recording = replace(recording, info=replace(recording.info, has_sound=has_sound))
    snapshot = ReviewSnapshot(
        recording,
        recording.segments[selected] if selected is not None else None,
        ("gate.mp4.review.json", b"{}"),
        Path("plaza.safetensors"),
        knows_where=True,
    )
    dialog = HandOverDialog([snapshot], settings, video.parent / "out")
    qtbot.addWidget(dialog)
    dialog.show()
    return dialog


def click(box: QAbstractButton) -> None:
    QTest.mouseClick(box, Qt.MouseButton.LeftButton, pos=QPoint(8, box.height() // 2))


def exported(dialog: HandOverDialog) -> ExportJob:
    jobs: list[ExportJob] = []
    dialog.export_requested.connect(lambda job, _: jobs.append(job))
    click(dialog.export_button)
    (job,) = jobs
    return job


def choose_kind(dialog: HandOverDialog, row: int) -> None:
    place = dialog.kinds.visualItemRect(dialog.kinds.item(row)).center()
    QTest.mouseClick(dialog.kinds.viewport(), Qt.MouseButton.LeftButton, pos=place)


def test_clips_of_the_selected_all_confirmed_or_all_segments(qtbot: QtBot, settings: Settings, video: Path) -> None:
    dialog = open_dialog(qtbot, settings, video)
    box = dialog.clips.segments_box
    numbers = {}
    for index in range(box.count()):
        box.setCurrentIndex(index)
        numbers[box.which] = [each.number for each in box.segments_of(dialog.snapshots[0])]
    assert numbers == {SegmentsBox.SELECTED: [1], SegmentsBox.CONFIRMED: [1, 4], SegmentsBox.ALL: [1, 2, 3, 4]}
    job = exported(dialog)
    assert isinstance(job, ClipsJob)
    assert (len(job.segments), job.folder, job.title) == (4, video.parent / "out", "4 clips of gate.mp4")


def test_layout_and_format_of_clips(qtbot: QtBot, settings: Settings, video: Path) -> None:
    dialog = open_dialog(qtbot, settings, video)
    clips = dialog.clips
    assert clips.shown.isVisible()
    clips.layout_box.setFocus()
    qtbot.keyClick(clips.layout_box, Qt.Key.Key_End)
    assert not clips.shown.isVisible()
    assert not clips.written.isVisible()
    qtbot.keyClick(clips.format_box, Qt.Key.Key_Down)
    assert clips.preview.text().endswith(".mkv")
    job = exported(dialog)
    assert isinstance(job, ClipsJob)
    assert job.options is not None
    assert (job.options.layout, job.options.encoding.format) == (ClipLayout.ORIGINAL, ClipFormat.FFV1)
    assert job.target.suffix == ".mkv"


def test_how_clips_are_encoded_is_remembered(qtbot: QtBot, settings: Settings, video: Path) -> None:
    dialog = open_dialog(qtbot, settings, video)
    qtbot.keyClick(dialog.clips.layout_box, Qt.Key.Key_Down)
    qtbot.keyClick(dialog.clips.quality_box, Qt.Key.Key_Home)
    assert not dialog.clips.size_box.isVisible()
    job = exported(dialog)
    assert isinstance(job, ClipsJob)
    assert job.options
    assert job.options.encoding == Encoding(quality=Quality.HIGH)
    again = open_dialog(qtbot, settings, video)
    clips = again.clips
    chosen = [box.currentData() for box in (clips.layout_box, clips.format_box, clips.quality_box)]
    assert chosen == ["side-by-side", "mp4", "high"]
    qtbot.keyClick(clips.format_box, Qt.Key.Key_Down)
    assert not clips.quality_box.isVisible(), "FFV1 loses nothing"


def test_clips_of_a_size(qtbot: QtBot, settings: Settings, video: Path) -> None:
    dialog = open_dialog(qtbot, settings, video)
    dialog.clips.segments_box.choose(SegmentsBox.CONFIRMED)
    qtbot.keyClick(dialog.clips.quality_box, Qt.Key.Key_End)
    assert dialog.clips.size_box.isVisible()
    dialog.clips.size_box.selectAll()
    QTest.keyClicks(dialog.clips.size_box, "0.5")
    job = exported(dialog)
    assert isinstance(job, ClipsJob)
    assert job.options
    assert job.options.encoding.max_bytes == 500_000
    again = open_dialog(qtbot, settings, video)
    clips = again.clips
    assert (clips.quality_box.currentText(), clips.size_box.value()) == ("Each clip at most", 0.5)


def test_without_a_selected_segment_none_is_offered(qtbot: QtBot, settings: Settings, video: Path) -> None:
    dialog = open_dialog(qtbot, settings, video, selected=None)
    assert dialog.clips.segments_box.findData(SegmentsBox.SELECTED) == -1


def test_count_length_and_size_are_said_before_the_start(qtbot: QtBot, settings: Settings, video: Path) -> None:
    dialog = open_dialog(qtbot, settings, video)
    dialog.clips.segments_box.choose(SegmentsBox.CONFIRMED)
    assert dialog.summary.text().startswith("2 clips, 1 s in all")
    assert " free" in dialog.summary.text()
    for box in dialog.clips.panel_boxes.values():
        click(box)
    assert not dialog.export_button.isEnabled()
    assert dialog.summary.text() == "Nothing is chosen"


def test_a_margin_around_segments(qtbot: QtBot, settings: Settings, video: Path) -> None:
    dialog = open_dialog(qtbot, settings, video)
    dialog.clips.segments_box.choose(SegmentsBox.CONFIRMED)
    field = dialog.clips.margin_box
    for _ in range(2):
        QTest.keyClick(field, Qt.Key.Key_Up)
    # From the beginning to two seconds after the first of them, and from two before the second to the end.
    assert dialog.summary.text().startswith("2 clips, 6 s in all")
    field.selectAll()
    QTest.keyClicks(field, "2.5")
    job = exported(dialog)
    assert isinstance(job, ClipsJob)
    assert job.margin_seconds == settings.export_margin_seconds == 2.5


def test_sound_is_offered_where_there_is_some(qtbot: QtBot, settings: Settings, video: Path) -> None:
    silent = open_dialog(qtbot, settings, video)
    assert not silent.clips.sound_box.isVisible()
    dialog = open_dialog(qtbot, settings, video, has_sound=True)
    assert dialog.clips.sound_box.isVisible()
    click(dialog.clips.sound_box)
    job = exported(dialog)
    assert isinstance(job, ClipsJob)
    assert not job.sound


def test_what_is_switched_off_in_the_picture_is_remembered(qtbot: QtBot, settings: Settings, video: Path) -> None:
    dialog = open_dialog(qtbot, settings, video)
    for name in ("frame_number", "verdict"):
        click(dialog.clips.text_boxes[name])
    click(dialog.clips.panel_boxes["psnr_mask"])
    job = exported(dialog)
    assert isinstance(job, ClipsJob)
    assert job.options
    assert not job.options.burnt_in.frame_number
    assert not job.options.burnt_in.verdict
    assert job.options.burnt_in.running_time
    again = open_dialog(qtbot, settings, video)
    boxes = again.clips.text_boxes
    assert {name for name, box in boxes.items() if not box.isChecked()} == {"frame_number", "verdict"}
    assert not again.clips.panel_boxes["psnr_mask"].isChecked()


def test_a_cut_has_no_look_to_choose(qtbot: QtBot, settings: Settings, video: Path) -> None:
    dialog = open_dialog(qtbot, settings, video)
    click(dialog.clips.cut_button)
    assert not dialog.clips.shown.isVisible()
    assert "keyframe" in dialog.clips.cut_hint.text()
    job = exported(dialog)
    assert isinstance(job, ClipsJob)
    assert job.options is None


def test_the_name_is_shown_as_it_is_typed_and_a_wrong_one_says_what_there_is(
    qtbot: QtBot, settings: Settings, video: Path
) -> None:
    dialog = open_dialog(qtbot, settings, video)
    edit, preview = dialog.clips.names_edit, dialog.clips.preview
    assert preview.text() == "gate.segment-1.mp4"
    edit.clear()
    QTest.keyClicks(edit, "{verdict}: {first}-{last}")
    assert preview.text() == "confirmed_ 25-49.mp4"
    QTest.keyClicks(edit, "{number}")
    assert preview.text() == ""
    assert "{segment}" in dialog.line.text()
    assert not dialog.export_button.isEnabled()
    click(dialog.export_button)
    assert dialog.isVisible()
    assert "{number}" in dialog.line.text()


@pytest.mark.parametrize("name", [os.fsdecode(b"caf\xe9.mp4"), "n" * 250 + ".mp4", "gate\n.mp4"])
def test_the_suggested_name_can_be_shown_and_is_no_longer_than_file_systems_allow(
    qtbot: QtBot, settings: Settings, tmp_path: Path, name: str
) -> None:
    (tmp_path / name).touch()
    dialog = open_dialog(qtbot, settings, tmp_path / name)
    preview = dialog.clips.preview.text()
    assert preview.isprintable()
    assert preview.endswith(".segment-1.mp4")
    assert name_bytes(preview) <= 255


def test_much_is_asked_for_first(
    qtbot: QtBot, settings: Settings, video: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(estimate, "MANY_CLIPS", 3)
    dialog = open_dialog(qtbot, settings, video)
    dialog.clips.segments_box.choose(SegmentsBox.ALL)
    jobs: list[ExportJob] = []
    dialog.export_requested.connect(lambda job, _: jobs.append(job))
    click(dialog.export_button)
    (box,) = dialog.findChildren(QMessageBox)
    assert "4 clips" in box.informativeText()
    assert not jobs
    click(next(each for each in box.buttons() if each.text() == "Export"))
    qtbot.waitUntil(lambda: len(jobs) == 1)


def test_tables_and_their_formats(qtbot: QtBot, settings: Settings, video: Path) -> None:
    dialog = open_dialog(qtbot, settings, video)
    choose_kind(dialog, 1)
    click(dialog.tables.format_boxes["srt"])
    dialog.tables.segments_box.choose(SegmentsBox.CONFIRMED)
    job = exported(dialog)
    assert isinstance(job, TablesJob)
    assert (job.formats, job.verdicts) == (("csv", "srt"), (Verdict.CONFIRMED,))
    assert settings.export_tables == "csv,srt"


def test_a_report(qtbot: QtBot, settings: Settings, video: Path) -> None:
    dialog = open_dialog(qtbot, settings, video)
    choose_kind(dialog, 2)
    job = exported(dialog)
    assert isinstance(job, ReportJob)
    assert (job.target, job.verdicts) == (video.parent / "out" / "gate.report.html", tuple(Verdict))
    assert not job.with_pdf


def test_a_report_as_pdf_alone(qtbot: QtBot, settings: Settings, video: Path) -> None:
    dialog = open_dialog(qtbot, settings, video)
    choose_kind(dialog, 2)
    click(dialog.report.format_boxes[".html"])
    assert not dialog.export_button.isEnabled()
    click(dialog.report.format_boxes[".pdf"])
    job = exported(dialog)
    assert isinstance(job, ReportJob)
    assert (job.target.name, job.with_pdf) == ("gate.report.pdf", False)
    assert settings.export_report == "pdf"


def test_a_package_signed_with_a_locked_key_and_without_the_recording(
    qtbot: QtBot, settings: Settings, video: Path
) -> None:
    key = video.with_name("id_ed25519")
    locked = serialization.BestAvailableEncryption(b"secret")
    forms = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8)
    key.write_bytes(Ed25519PrivateKey.generate().private_bytes(*forms, locked))
    dialog = open_dialog(qtbot, settings, video)
    choose_kind(dialog, 3)
    click(dialog.package.hash_button)
    assert not dialog.package.password_edit.isVisible()
    QTest.keyClicks(dialog.package.key_edit, str(key))
    QTest.keyClicks(dialog.package.password_edit, "wrong")
    click(dialog.export_button)
    assert "key can't be opened" in dialog.line.text()
    dialog.package.password_edit.clear()
    QTest.keyClicks(dialog.package.password_edit, "secret")
    job = exported(dialog)
    assert isinstance(job, PackageJob)
    assert job.key is not None
    assert (job.target.name, job.options.clips) == ("gate.evidence", (Verdict.CONFIRMED,))
    assert not job.options.with_recordings
    assert not settings.package_copies


def test_a_recording_that_is_gone_is_told(qtbot: QtBot, settings: Settings, video: Path) -> None:
    dialog = open_dialog(qtbot, settings, video)
    video.unlink()
    choose_kind(dialog, 3)
    click(dialog.export_button)
    assert "can't be read" in dialog.line.text()
    assert dialog.isVisible()
