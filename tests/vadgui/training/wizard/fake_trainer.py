"""A fake trainer that learns nothing, but locks its run, writes events, obeys requests and fails as `vad train` does.

`python -m tests.vadgui.training.wizard.fake_trainer BEHAVIOUR RUN [--supervised]`
"""

from __future__ import annotations

import os
import shutil
import signal
import sys
import threading
import time
from pathlib import Path

import cv2
import numpy as np

from engine.common.events import (
    CheckpointSaved,
    Event,
    Failed,
    Finished,
    LossReported,
    Progress,
    SampleSaved,
    Stopped,
    to_json_line,
)
from engine.training import Run, StopControl
from engine.training.event_log import EventLog

STEP_SECONDS = 0.01
STEPS_AN_EPOCH = 5
STAGES = {"motion": "Learning motion", "frame": "Learning the next frame"}


def command(behaviour: str):  # type: ignore[no-untyped-def]
    """The command for TrainingClient: a function of the run's folder."""
    module = [sys.executable, "-m", "tests.vadgui.training.wizard.fake_trainer", behaviour]
    return lambda folder: [*module, str(folder)]


class FakeTrainer:
    def __init__(self, behaviour: str, folder: Path, supervised: bool) -> None:
        self._behaviour = behaviour
        self._run = Run(folder)
        self._supervised = supervised
        self._run.forget_request()
        self._requests = StopControl(self._run.request_path)
        self._progress_path = folder / "fake-progress"
        self._event_log = EventLog(self._run.events_path)

    def work(self) -> None:
        with self._run.lock():
            if self._supervised:
                threading.Thread(target=self._listen, daemon=True).start()
            for number, (stage, label) in enumerate(STAGES.items()):
                if not self._learn(number, stage, label):
                    return
            shutil.copyfile(os.environ["FAKE_DETECTOR"], self._run.detector_path)
            self._emit(Finished("detector.safetensors"))

    def _learn(self, number: int, stage: str, label: str) -> bool:
        epochs = getattr(self._run.settings, f"{stage}_epochs")
        done = self._done(number)
        while done < epochs * STEPS_AN_EPOCH:
            if self._requests.should_stop() and self._behaviour != "deaf":
                self._emit(Stopped("Training was stopped; it goes on from its last checkpoint."))
                return False
            if self._requests.should_finish():
                break
            self._misbehave(done)
            time.sleep(STEP_SECONDS)
            done += 1
            epoch, step = divmod(done - 1, STEPS_AN_EPOCH)
            self._emit(Progress(label, done, epochs * STEPS_AN_EPOCH, 100.0, 1.0, epoch, step + 1, 1 / done))
            if done % STEPS_AN_EPOCH == 0:
                self._end_epoch(number, stage, epoch, done)
        return True

    def _end_epoch(self, number: int, stage: str, epoch: int, done: int) -> None:
        self._emit(LossReported(stage, epoch, STEPS_AN_EPOCH, 1 / done, 1.1 / done))
        self._run.samples_folder.mkdir(exist_ok=True)
        sample = self._run.samples_folder / f"{stage}-epoch-{epoch:03}.png"
        cv2.imwrite(str(sample), np.full((32, 96, 3), min(50 + 10 * epoch, 255), np.uint8))
        self._emit(SampleSaved(stage, epoch, str(sample)))
        self._progress_path.write_text(f"{number} {done}")
        self._emit(CheckpointSaved(str(self._run.checkpoint_path)))

    def _done(self, number: int) -> int:
        """Number of steps of a stage that the checkpoint contains."""
        if not self._progress_path.exists():
            return 0
        stage, done = map(int, self._progress_path.read_text().split())
        return done if stage == number else 0 if stage < number else 10**6

    def _misbehave(self, done: int) -> None:
        if done != 7 or (self._run.folder / "misbehaved").exists():
            return
        (self._run.folder / "misbehaved").touch()
        match self._behaviour:
            case "oom":
                self._fail(Failed("Memory ran out", "batch size 16", "Go on with a smaller batch."))
            case "nan":
                self._fail(Failed("The loss is no longer a number", "epoch 1, step 2", "Go on with a smaller rate."))
            case "crash":
                print("Traceback: something unforeseen", file=sys.stderr)
                os._exit(3)
            case "killed":
                os.kill(os.getpid(), signal.SIGKILL)

    def _fail(self, failed: Failed) -> None:
        self._emit(failed)
        sys.exit(1)

    def _listen(self) -> None:
        for line in sys.stdin:
            if line.strip() in ("stop", "finish"):
                self._requests.add(line.strip())  # type: ignore[arg-type]
        self._requests.add("stop")

    def _emit(self, event: Event) -> None:
        self._event_log.write(event)
        if self._supervised:
            print(to_json_line(event), flush=True)


if __name__ == "__main__":
    FakeTrainer(sys.argv[1], Path(sys.argv[2]), "--supervised" in sys.argv).work()
