import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from engine.common.errors import TrainingError
from engine.common.events import CheckpointSaved, Progress
from engine.training import Run, RunSettings, StopControl
from engine.training.event_log import EventLog
from tests.at_once import run_at_once

SETTINGS = RunSettings("Gate", ("a.mp4",))

ASKER = """
import sys
from pathlib import Path
from engine.training import Run
print("ready", flush=True)
for line in sys.stdin:
    for _ in range(int(line)):
        assert Run(Path(sys.argv[1])).process_id is None
"""

BEGINNER = """
import os, sys, time
from pathlib import Path
from engine.common.errors import TrainingError
from engine.training import Run, RunSettings
print("ready", flush=True)
for line in sys.stdin:
    run = Run(Path(line.strip()))
    try:
        with run.created(RunSettings("Gate", (f"{os.getpid()}.mp4",))):
            time.sleep(0.01)
            assert run.settings.videos == (f"{os.getpid()}.mp4",)
            run.footage_folder.mkdir()
            (run.footage_folder / "footage.npz").touch()
            (run.folder / f"begun-{os.getpid()}").touch()
    except TrainingError as error:
        assert "already holds" in str(error) or "Another process" in str(error), error
"""


def test_a_run_is_opened_by_its_folder(tmp_path: Path) -> None:
    Run.create(tmp_path / "run", SETTINGS)
    assert Run(tmp_path / "run").settings == SETTINGS
    assert Run(tmp_path / "run").events() == []
    assert Run(tmp_path / "run").process_id is None


def test_only_some_settings_of_a_run_can_be_changed(tmp_path: Path) -> None:
    run = Run.create(tmp_path / "run", SETTINGS)
    run.amend(batch_size=4, motion_learning_rate=1e-5)
    assert (run.settings.batch_size, run.settings.motion_learning_rate, run.settings.name) == (4, 1e-5, "Gate")
    with pytest.raises(ValueError, match="only"):
        run.amend(preset="paper")


def test_two_processes_cannot_lock_one_folder(tmp_path: Path) -> None:
    run = Run.create(tmp_path / "run", SETTINGS)
    with run.lock():
        assert run.process_id == os.getpid()
        with pytest.raises(TrainingError, match=f"Another process .{os.getpid()}. trains"), Run(run.folder).lock():
            pass
        with pytest.raises(TrainingError, match="Another process"):
            Run.create(run.folder, SETTINGS)
        with run.lock():
            pass
        assert run.process_id == os.getpid()
    assert run.process_id is None
    with run.lock():
        pass


def test_processes_that_ask_who_trains_do_not_take_one_another_for_it(tmp_path: Path) -> None:
    run = Run.create(tmp_path / "run", SETTINGS)
    with run.lock():
        pass
    # As a process leaves it that is killed: the number may be another program's by now.
    run.lock_path.with_name("lock-holder").write_text("1\n")
    run_at_once(ASKER, [str(run.folder)], ["5000"])


def test_of_processes_that_begin_a_run_in_one_folder_one_trains_by_its_own_settings(tmp_path: Path) -> None:
    folders = [f"{tmp_path}/{number}" for number in range(20)]
    run_at_once(BEGINNER, [], folders)
    for folder in folders:
        assert len(list(Path(folder).glob("begun-*"))) == 1


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL")
def test_a_killed_process_holds_no_lock(tmp_path: Path) -> None:
    run = Run.create(tmp_path / "run", SETTINGS)
    code = "import sys, time; from pathlib import Path; from engine.training import Run\n"
    code += "with Run(Path(sys.argv[1])).lock(): print('held', flush=True); time.sleep(100)"
    with subprocess.Popen([sys.executable, "-c", code, str(run.folder)], stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout.readline() == "held\n"
        assert run.process_id == holder.pid
        holder.send_signal(signal.SIGKILL)
    assert run.process_id is None
    with run.lock():
        assert run.process_id == os.getpid()


def test_events_survive_a_line_cut_short(tmp_path: Path) -> None:
    run = Run.create(tmp_path / "run", SETTINGS)
    event_log = EventLog(run.events_path)
    event_log.write(CheckpointSaved("a"))
    event_log.close()
    with run.events_path.open("a") as file:
        file.write('{"event": "Progr')
    event_log = EventLog(run.events_path)
    event_log.write(Progress("Learning motion", 1, 2))
    event_log.close()
    assert run.events() == [CheckpointSaved("a"), Progress("Learning motion", 1, 2)]


def test_requests_come_from_another_thread_or_the_request_file(tmp_path: Path) -> None:
    run = Run.create(tmp_path / "run", SETTINGS)
    requests = StopControl(run.request_path)
    assert not requests.should_stop()
    assert not requests.should_finish()
    requests.add("finish")
    assert [requests.should_finish(), requests.should_finish()] == [True, False]
    for _ in range(2):
        Run(run.folder).request("finish")
        time.sleep(0.3)
        assert [requests.should_finish(), requests.should_finish()] == [True, False]
        assert not run.request_path.exists()
    run.request("stop")
    time.sleep(0.3)
    assert requests.should_stop()
    assert requests.should_stop()


@pytest.mark.parametrize("set_seconds", [-3600, 0, 3600])
def test_a_request_to_an_earlier_process_stops_no_later_one_however_the_clock_was_set(
    tmp_path: Path, set_seconds: int
) -> None:
    run = Run.create(tmp_path / "run", SETTINGS)
    run.request("stop")
    os.utime(run.request_path, times=(time.time() + set_seconds,) * 2)
    run.forget_request()
    assert not StopControl(run.request_path).should_stop()


def test_a_request_stays_for_the_process_at_work_however_the_clock_was_set(tmp_path: Path) -> None:
    run = Run.create(tmp_path / "run", SETTINGS)
    with run.lock():
        run.request("stop")
        os.utime(run.request_path, times=(0, 0))
        Run(run.folder).forget_request()  # of a second process, which will find the folder locked
        assert StopControl(run.request_path).should_stop()
