"""Chooses an evidence package: with the recording or its hash, clips of which segments, whose signature."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path

from PySide6.QtWidgets import QFormLayout, QHBoxLayout, QLineEdit, QRadioButton, QVBoxLayout

from engine.common.errors import ExportError
from engine.common.in_time import check_answers
from engine.common.language import tr, tr_n, tr_noop
from engine.common.left_out import LeftOut
from engine.export.clip import ExportOptions
from engine.export.estimate import Estimate, estimate_clips, sum_of
from engine.hand_over.joint_jobs import PackageJob
from engine.video.source import PICTURES, size_bytes
from vadgui.dialogs.files import ask_for_file
from vadgui.dialogs.hand_over.page import Page, SegmentsBox
from vadgui.model.snapshot import ReviewSnapshot
from vadgui.settings import Settings
from vadgui.ui.widgets import button, text_label

_EXPLANATION = tr_noop(
    "A folder with working copies of the segments, review, tables, report and the SHA-256 of every file. "
    "`vad verify` tells whether it is whole."
)
_REDACTION_HINT = tr_noop("Parts of it are redacted. Whoever has a copy of the recording sees them.")
_KEY_FILTER = tr_noop("Keys (*.pem *.key id_ed25519*)")
_KEY_HINT = tr_noop("An ed25519 key of your own, in PEM or OpenSSH format")


class PackagePage(Page):
    """An evidence package of a review."""

    kind = "package"
    title = tr_noop("Evidence package")
    icon = "check"

    def __init__(
        self, snapshots: Sequence[ReviewSnapshot], settings: Settings, left_out: Sequence[LeftOut] = ()
    ) -> None:
        """Of one or several recordings; it says of those that are `left_out` that it lacks them."""
        super().__init__(snapshots, settings)
        self._left_out = tuple(left_out)
        self.segments_box = SegmentsBox(snapshots)
        self.copy_button = QRadioButton(tr("Copy it, bit for bit"))
        self.hash_button = QRadioButton(tr("Leave it out, and keep its SHA-256"))
        self._is_redacted = any(each.recording.redaction for each in snapshots)
        copies = settings.package_copies and not self._is_redacted
        self.copy_button.setChecked(copies)
        self.hash_button.setChecked(not copies)
        self.redaction_hint = text_label(tr(_REDACTION_HINT), "muted")
        self.redaction_hint.setVisible(self._is_redacted)
        self.key_edit = QLineEdit()
        self.key_edit.setAccessibleName(tr("Key to sign with"))
        self.key_edit.setPlaceholderText(tr("Not signed"))
        self.key_edit.setToolTip(tr(_KEY_HINT))
        self.password_edit = QLineEdit()
        self.password_edit.setEchoMode(QLineEdit.EchoMode.Password)
        self.password_edit.setAccessibleName(tr("Password of the key"))
        self.password_edit.setPlaceholderText(tr("Password, if the key has one"))
        self.browse_button = button(tr("Browse …"))
        self.browse_button.clicked.connect(self._browse)
        self.segments_box.currentIndexChanged.connect(self.changed)
        self.copy_button.toggled.connect(self.changed)
        self.key_edit.textChanged.connect(self._enable)
        self._lay_out()
        self._enable()

    def estimate(self) -> Estimate:
        """The recording, and each segment twice: annotated, and cut."""
        clips = sum_of(self._clips_of(each) for each in self._snapshots)
        return clips.plus_bytes(self._recording_bytes) if self.copy_button.isChecked() else clips

    def _clips_of(self, snapshot: ReviewSnapshot) -> Estimate:
        recording, segments = snapshot.recording, self.segments_box.segments_of(snapshot)
        look = ExportOptions(panels=("frame",), score_strip=recording.scores is not None)
        clips = estimate_clips(recording, segments, look)
        if segments and recording.info.codec != PICTURES and not recording.redaction:
            clips = clips.plus_bytes(estimate_clips(recording, segments, None).size_bytes)
        return clips

    def summary(self) -> str:
        """With how many clips."""
        count = self.segments_box.segment_count
        if not count:
            return tr("Package without clips")
        return tr_n(
            "Package with working copies of {count} segment", "Package with working copies of {count} segments", count
        ).format(count=count)

    def job(self, folder: Path) -> PackageJob:
        """The package; reads the key."""
        # Brings the libraries of packages and keys, which nothing else in the window needs.
        from engine.evidence.package import PackageOptions
        from engine.evidence.signature import read_key

        path = self.key_edit.text().strip()
        if path:
            check_answers(Path(path).expanduser().parent, ExportError)
        key = read_key(Path(path).expanduser(), self.password_edit.text) if path else None
        segments = self.segments_box
        copies = self.copy_button.isChecked()
        options = PackageOptions(segments.verdicts, with_recordings=copies, with_redacted=copies)
        return PackageJob(self.subjects, folder / self._name_of_all(".evidence"), options, key, self._left_out)

    def remember(self) -> None:
        """All but the key."""
        if not self._is_redacted:
            self._settings.package_copies = self.copy_button.isChecked()

    @cached_property
    def _recording_bytes(self) -> int:
        # A folder may have many files. Of many recordings it was asked before, in a thread.
        return sum(
            size_bytes(each.recording.info.path) if each.recording_bytes is None else each.recording_bytes
            for each in self._snapshots
        )

    def _lay_out(self) -> None:
        recording = QVBoxLayout()
        recording.addWidget(self.copy_button)
        recording.addWidget(self.hash_button)
        recording.addWidget(self.redaction_hint)
        key = QHBoxLayout()
        key.addWidget(self.key_edit, stretch=1)
        key.addWidget(self.browse_button)
        form = QFormLayout(self)
        form.setContentsMargins(0, 0, 0, 0)
        form.addRow(tr("Clips of"), self.segments_box)
        form.addRow(tr("Recording"), recording)
        form.addRow(tr("Sign with"), key)
        form.addRow("", self.password_edit)
        form.addRow(text_label(tr(_EXPLANATION), "muted"))

    def _browse(self) -> None:
        ask_for_file(
            self,
            tr("Key to sign with"),
            str(Path.home()),
            tr(_KEY_FILTER),
            lambda path: self.key_edit.setText(str(path)),
        )

    def _enable(self) -> None:
        self.password_edit.setVisible(bool(self.key_edit.text().strip()))
        self.changed.emit()
