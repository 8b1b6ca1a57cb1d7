from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from PySide6.QtCore import QByteArray, QSettings
from PySide6.QtWidgets import QApplication

from vadgui.setting import Setting
from vadgui.settings import Settings
from vadgui.ui import theme


def reopened(settings: Settings) -> Settings:
    """The settings as the next start of the program reads them from disk."""
    settings.store.sync()
    return Settings(QSettings(settings.store.fileName(), QSettings.Format.IniFormat))


def test_every_setting_has_a_default_of_its_type_and_a_sentence(settings: Settings) -> None:
    declared = {name: value for name, value in vars(Settings).items() if isinstance(value, Setting)}
    assert len(declared) > 5
    assert len({setting.key for setting in declared.values()}) == len(declared)
    for name, setting in declared.items():
        assert getattr(settings, name) == setting.default
        assert setting.sentence.endswith(".")


def test_values_are_restored_in_their_types(settings: Settings) -> None:
    settings.analyse_on_open = False
    settings.theme = "dark"
    settings.layout = QByteArray(b"\x00\xff,=")
    restored = reopened(settings)
    assert restored.analyse_on_open is False
    assert restored.theme == "dark"
    assert restored.layout == QByteArray(b"\x00\xff,=")


def test_recent_videos_are_newest_first_and_are_not_looked_for(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = [tmp_path / f"cämera, {number}.mp4" for number in range(14)]
    for path in paths:
        path.touch()
        settings.remember_video(path)
    settings.remember_video(paths[10])

    def looked_for(*_: object, **__: object) -> None:
        pytest.fail("a share that is gone would keep the window waiting")

    with monkeypatch.context() as guarded:
        for name in ("exists", "is_file", "stat"):
            guarded.setattr(Path, name, looked_for)
        recent = settings.recent_videos
    assert recent[:3] == [paths[10], paths[13], paths[12]]
    assert len(recent) == 10
    settings.forget_videos()
    assert reopened(settings).recent_videos == []


OTHER_WINDOW = """
import sys
from pathlib import Path
from PySide6.QtCore import QSettings
from vadgui.settings import Settings
settings = Settings(QSettings(sys.argv[1], QSettings.Format.IniFormat))
settings.remember_video(Path("/theirs/a.mp4"))
settings.remember_detector(Path("/theirs/a.mp4"), Path("/theirs.safetensors"))
settings.remember_archive("/theirs.archive")
settings.remember_command("their_command")
settings.add_dismiss_reason("their reason")
settings.store.sync()
"""


def test_what_two_windows_add_to_the_same_lists_is_all_kept(settings: Settings) -> None:
    settings.remember_video(Path("/ours/a.mp4"))
    settings.store.sync()
    # A process of its own: inside one, Qt shares what it has read of a file.
    subprocess.run([sys.executable, "-c", OTHER_WINDOW, settings.store.fileName()], check=True, timeout=120)
    settings.remember_video(Path("/ours/b.mp4"))
    settings.remember_detector(Path("/ours/b.mp4"), Path("/ours.safetensors"))
    settings.remember_archive("/ours.archive")
    settings.remember_command("our_command")
    settings.add_dismiss_reason("our reason")
    kept = reopened(settings)
    assert kept.recent_videos == [Path("/ours/b.mp4"), Path("/theirs/a.mp4"), Path("/ours/a.mp4")]
    assert kept.detector_for(Path("/theirs/c.mp4")) == Path("/theirs.safetensors")
    assert kept.detector_for(Path("/ours/c.mp4")) == Path("/ours.safetensors")
    assert kept.recent_archives == ["/ours.archive", "/theirs.archive"]
    assert kept.recent_commands == ["our_command", "their_command"]
    assert kept.dismiss_reasons == ["their reason", "our reason"]


ODD = ["", "blue", "7", "a, list", "@ByteArray(x)", "@Invalid()", "@Size(3 4)", "@Variant(broken", "%%%", "\x00\x01"]


@pytest.mark.parametrize("odd", ODD)
def test_each_setting_that_is_odd_falls_back_by_itself_with_a_word(
    settings: Settings, odd: str, caplog: pytest.LogCaptureFixture, qapp: QApplication
) -> None:
    declared = {name: value for name, value in vars(Settings).items() if isinstance(value, Setting)}
    sections: dict[str, list[str]] = {}
    for setting in declared.values():
        section, key = setting.key.split("/")
        sections.setdefault(section, []).append(f"{key}={odd}")
    text = "".join(f"[{section}]\n" + "\n".join(lines) + "\n" for section, lines in sections.items())
    Path(settings.store.fileName()).write_text(text, "utf-8")
    read = Settings(QSettings(settings.store.fileName(), QSettings.Format.IniFormat))
    for name, setting in declared.items():
        value = getattr(read, name)
        assert type(value) is type(setting.default), name
    for name in ("theme", "device", "analyse_on_open", "export_strip"):
        assert getattr(read, name) == declared[name].default, name
    theme.install(qapp, theme.ThemeChoice(read.theme))
    assert "appearance/theme" in caplog.text
    caplog.clear()
    assert read.theme == "system"
    assert not caplog.text  # said once


def test_a_setting_that_is_whole_stays_beside_odd_ones(settings: Settings) -> None:
    settings.store.setValue("appearance/theme", "blue")
    settings.store.setValue("export/panels", "frame,psnr_mask")
    settings.store.setValue("analysis/on_open", "0")
    read = reopened(settings)
    assert (read.theme, read.export_panels, read.analyse_on_open) == ("system", "frame,psnr_mask", False)


@pytest.mark.parametrize("ending", ["", "import shiboken6; shiboken6.delete(settings.store)"], ids=["", "Qt first"])
def test_temporary_settings_leave_nothing_behind(ending: str, tmp_path: Path) -> None:
    code = f"from vadgui.settings import Settings; settings = Settings.temporary(); settings.device = 'cpu'; {ending}"
    places = {name: str(tmp_path) for name in ("TMPDIR", "TEMP", "TMP")}
    subprocess.run([sys.executable, "-c", code], env={**os.environ, **places}, check=True)
    assert list(tmp_path.iterdir()) == []
