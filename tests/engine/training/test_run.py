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

SETTINGS = RunSettings("Gate", ("a.mp4",))


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
        with pytest.raises(TrainingError, match="already holds"):
            Run.create(run.folder, SETTINGS)
    assert run.process_id is None
    with run.lock():
        pass


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
