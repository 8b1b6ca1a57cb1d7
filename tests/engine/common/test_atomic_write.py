import os
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from engine.common.atomic_write import atomic_write, remove_leftovers, temporary_path
from tests.read_only import ReadOnlyFolder


def test_the_file_exists_when_the_block_ends(tmp_path: Path) -> None:
    path = tmp_path / ("ä" * 120)  # as long as file systems allow
    with atomic_write(path) as file:
        file.write(b"new")
        assert not path.exists()
    assert path.read_bytes() == b"new"
    assert list(tmp_path.iterdir()) == [path]


def test_a_failed_block_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"old")
    with pytest.raises(TypeError), atomic_write(path) as file:
        file.write("no bytes")  # type: ignore[arg-type]
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_full_disk_leaves_the_old_file(tmp_path: Path, monkeypatch) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"old")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="No space"), atomic_write(path) as file:
        file.write(b"new")
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_leftovers_of_a_kill_go_and_what_is_being_written_stays(tmp_path: Path) -> None:
    old, young = tmp_path / ".vadgui-00000000.partial", tmp_path / ".vadgui-11111111.partial"
    begun, given_up = tmp_path / ".vadgui-22222222.partial", tmp_path / ".vadgui-33333333.partial"
    for path in (old, young, tmp_path / "other.partial", begun / "data" / "copy", given_up / "data" / "copy"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    two_days_ago = time.time() - 2 * 24 * 3600
    for path in (old, tmp_path / "other.partial", begun / "data", begun, *given_up.rglob("*"), given_up):
        os.utime(path, (two_days_ago, two_days_ago))
    with atomic_write(tmp_path / "a") as file:
        file.write(b"new")
    assert sorted(path.name for path in tmp_path.iterdir()) == [young.name, begun.name, "a", "other.partial"]


def test_a_folder_that_is_locked_meanwhile_does_not_hide_why_the_writing_failed(
    read_only_folder: ReadOnlyFolder,
) -> None:
    writing = atomic_write(read_only_folder.path / "a")
    writing.__enter__()
    with read_only_folder.locked():
        assert not writing.__exit__(KeyError, KeyError("odd"), None)  # as a `with` block does: the error goes on


def test_what_a_process_that_has_ended_left_is_removed_and_nothing_else(tmp_path: Path) -> None:
    mine = temporary_path(tmp_path / "clip.mp4")
    mine.touch()
    folder = tmp_path / ".vadgui-0badf00d-1.partial"
    (folder / "data").mkdir(parents=True)
    (tmp_path / ".vadgui-0badf00d-2.partial").touch()
    (tmp_path / "clip.mp4").touch()
    remove_leftovers(tmp_path, "0badf00d")
    assert set(tmp_path.iterdir()) == {mine, tmp_path / "clip.mp4"}


@pytest.mark.skipif(os.name != "posix", reason="there is no telling on Windows")
def test_leftovers_of_a_process_that_was_killed_go_at_once(tmp_path: Path) -> None:
    program = (
        "import sys, time\nfrom pathlib import Path\nfrom engine.common.atomic_write import temporary_path\n"
        "temporary_path(Path(sys.argv[1]) / 'clip.mp4').write_text('half')\nprint('written', flush=True)\n"
        "time.sleep(60)\n"
    )
    processes = [
        subprocess.Popen([sys.executable, "-c", program, tmp_path], stdout=subprocess.PIPE, text=True) for _ in range(2)
    ]
    try:
        for process in processes:
            assert process.stdout is not None
            assert process.stdout.readline() == "written\n"
        killed, _ = processes
        assert len(left_in(tmp_path)) == 2
        killed.kill()
        killed.wait()
        with atomic_write(tmp_path / "next.mp4") as file:
            file.write(b"whole")
        (left,) = left_in(tmp_path)
        assert f"{processes[1].pid:08x}" in left, "of the one that still writes"
    finally:
        for process in processes:
            process.kill()
            process.wait()
            assert process.stdout is not None
            process.stdout.close()


def left_in(folder: Path) -> list[str]:
    return [path.name for path in folder.glob(".vadgui-*.partial")]


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() != 0, reason="only root makes devices")
def test_no_file_takes_the_place_of_a_device(tmp_path: Path) -> None:
    device = tmp_path / "zero"
    try:
        os.mknod(device, 0o600 | stat.S_IFCHR, os.makedev(1, 5))
    except OSError:
        pytest.skip("no devices can be made here")
    with pytest.raises(OSError, match="zero"), atomic_write(device) as file:
        file.write(b"x")
    assert stat.S_ISCHR(device.lstat().st_mode)
    assert [each.name for each in tmp_path.iterdir()] == ["zero"]
