from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QByteArray, QSettings

from vadgui.settings import Setting, Settings


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


def test_recent_videos_are_newest_first_without_deleted_files(settings: Settings, tmp_path: Path) -> None:
    paths = [tmp_path / f"cämera, {number}.mp4" for number in range(14)]
    for path in paths:
        path.touch()
        settings.remember_video(path)
    settings.remember_video(paths[10])
    paths[13].unlink()
    recent = reopened(settings).recent_videos
    assert recent[:3] == [paths[10], paths[12], paths[11]]
    assert len(recent) == 9
    settings.forget_videos()
    assert reopened(settings).recent_videos == []
