"""Workers on a Ray cluster: one process a GPU, or one for every few cores."""

from __future__ import annotations

import importlib.metadata
import os
import socket
import tempfile
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.archive.shards import Judge, Outcome, Shard
from engine.archive.workers import Ended, Worker, Workers
from engine.common.errors import ArchiveError, VadError
from engine.common.language import tr
from engine.scoring.sampling import Sampling

if TYPE_CHECKING:
    # torch takes seconds to import, and only workers need it.
    from engine.models.predictor import Predictor

LOCAL = "local"
"""The address of a cluster of this machine alone, which lives as long as the workers do."""
SHARDS_AHEAD = 2
"""So many a worker has at once, so that it does not wait for the next one."""
MOST_STARTS = 3
"""So often a worker may die while it starts before all is given up."""
_ANSWER_SECONDS = 10.0
_CLIENT = "ray://"
"""Before the address of a cluster that this machine is no node of."""
_OBJECT_STORE_BYTES = 256 << 20  # only signals travel


@dataclass(frozen=True)
class _Refusal:
    """Why a worker can't load the detector."""

    subject: str
    advice: str


@dataclass(eq=False)
class _Process:
    """One worker."""

    actor: Any
    starting: Any
    """Pending until it has loaded the detector; None afterwards."""
    shards: deque[Shard] = field(default_factory=deque)
    """What it has to do, in order."""
    starts: int = 1
    """So often it was started in a row."""


class RayWorkers(Workers):
    """As many workers as the cluster has GPUs or cores for; one that dies is started anew where there is room."""

    def __init__(
        self,
        address: str,
        detector: Path,
        sampling: Sampling,
        *,
        device: str = "auto",
        count: int | None = None,
        cores: int = 1,
        refuses_mixture: bool = False,
    ) -> None:
        """`detector` is its file here: workers are sent its content. Each has `cores` cores, or a GPU and those.

        With `refuses_mixture`, a worker of another kind than the others ends the work.

        Raises:
            ArchiveError: Ray is not installed, or the cluster does not answer or has no room for a worker.
        """
        self._ray = _import_ray()
        self._address = address
        self._refuses_mixture = refuses_mixture
        self._kinds: list[str] = []
        self._processes: dict[Worker, _Process] = {}
        self._pending: dict[Any, Worker] = {}
        self._connect(address, count, cores)
        try:
            resources = self._ray.cluster_resources()
            wants_gpu = device == "cuda" or (device == "auto" and resources.get("GPU", 0) >= 1)
            room = int(resources.get("GPU", 0)) if wants_gpu else int(resources.get("CPU", 0)) // cores
            if min(room, count or room) < 1:
                advice = tr("Ask for fewer cores a worker, or for another device.")
                raise ArchiveError(tr("The cluster has no room for a worker"), subject=address, advice=advice)
            content = self._ray.put(detector.read_bytes())
            options = {"num_cpus": cores, "num_gpus": int(wants_gpu), "max_restarts": 0}
            remote = self._ray.remote(_Judging).options(**options)
            self._start: Callable[[], Any] = lambda: remote.remote(content, sampling, device, cores)
            for number in range(min(room, count or room)):
                self._replace(number)
        except BaseException:
            self.close()
            raise

    @property
    def count(self) -> int:
        """How many there are, with those that are still starting."""
        return len(self._processes)

    @property
    def kinds(self) -> Sequence[str]:
        """Those of the workers that have loaded the detector so far."""
        return tuple(self._kinds)

    @property
    def free(self) -> Sequence[Worker]:
        """Those that have loaded the detector and can be given a shard, first those that have none."""
        begun = [worker for worker, each in self._processes.items() if each.starting is None]
        free = [worker for worker in begun if len(self._processes[worker].shards) < SHARDS_AHEAD]
        return sorted(free, key=lambda worker: len(self._processes[worker].shards))

    def submit(self, worker: Worker, shard: Shard) -> None:
        """Give it a shard.

        Raises:
            ArchiveError: the cluster has gone away.
        """
        process = self._processes[worker]
        process.shards.append(shard)
        with self._connected():
            self._pending[process.actor.run.remote(shard)] = worker

    def wait(self, seconds: float) -> list[Ended]:
        """What has ended.

        Raises:
            ArchiveError: the cluster has gone away, or a worker can't load the detector, dies each time that it
                starts, or is of a kind that is refused.
        """
        starting = {each.starting: worker for worker, each in self._processes.items() if each.starting is not None}
        references = [*self._pending, *starting]
        if not references:
            return []
        ended: list[Ended] = []
        with self._connected():
            ready, _ = self._ray.wait(references, timeout=seconds)
            # Whatever else has ended by now is taken at the same time.
            more, _ = self._ray.wait(references, num_returns=len(references), timeout=0)
            done = {*ready, *more}
            for reference in done.intersection(starting):
                self._take_started(starting[reference], reference)
            for reference in [each for each in self._pending if each in done]:  # in the order that they were given
                if reference in self._pending:
                    ended += self._take_ended(self._pending.pop(reference), reference)
        return ended

    def close(self) -> None:
        """End all workers; a local cluster ends with them."""
        if self._ray.is_initialized():  # else its head is gone, for which every call would wait
            for each in self._processes.values():
                self._ray.kill(each.actor)
        self._processes.clear()
        self._pending.clear()
        self._ray.shutdown()

    def _connect(self, address: str, count: int | None, cores: int) -> None:
        _check_reachable(address)
        # Another copy of the program may be installed there.
        own = {"PYTHONPATH": str(Path(__file__).parents[2])} if address == LOCAL else {}
        options: dict[str, Any] = {"address": address, "runtime_env": {"env_vars": own | _thread_limits(cores)}}
        if address == LOCAL:
            options |= {"num_cpus": count * cores if count else None, "object_store_memory": _OBJECT_STORE_BYTES}
            options |= {"include_dashboard": False}
        try:
            self._ray.init(**options, log_to_driver=False, configure_logging=False)
        except (ConnectionError, ImportError, RuntimeError, ValueError) as error:
            raise _unreachable(address, error) from error

    @contextmanager
    def _connected(self) -> Iterator[None]:
        """Say that the cluster is gone where Ray does."""
        try:
            yield
        except ConnectionError as error:
            advice = tr(
                "What was judged is stored: once the cluster is back, the same command goes on from there ({error})."
            ).format(error=error)
            raise ArchiveError(tr("The cluster has gone away"), subject=self._address, advice=advice) from error

    def _replace(self, worker: Worker, starts: int = 1) -> None:
        actor = self._start()
        self._processes[worker] = _Process(actor, actor.start.remote(), starts=starts)

    def _take_started(self, worker: Worker, reference: Any) -> None:
        process = self._processes[worker]
        try:
            started = self._ray.get(reference)
        except self._ray.exceptions.RayError as error:
            if process.starts >= MOST_STARTS:
                what = tr("A worker of the cluster died each of the {count} times that it started").format(
                    count=MOST_STARTS
                )
                raise ArchiveError(
                    what, advice=tr("See the messages of the cluster ({error}).").format(error=error)
                ) from error
            self._ray.kill(process.actor)
            self._replace(worker, process.starts + 1)
            return
        if isinstance(started, _Refusal):
            raise ArchiveError(
                tr("A worker of the cluster can't begin"), subject=started.subject, advice=started.advice
            )
        if started not in self._kinds:
            self._kinds.append(started)
            if self._refuses_mixture and len(self._kinds) > 1:
                advice = tr(
                    "Use machines of one kind, or allow their mixture: scores then differ in their last digits."
                )
                raise ArchiveError(tr("Workers of the cluster differ"), subject="; ".join(self._kinds), advice=advice)
        process.starting = None

    def _take_ended(self, worker: Worker, reference: Any) -> Iterator[Ended]:
        process = self._processes[worker]
        try:
            outcome: Outcome = self._ray.get(reference)
        except self._ray.exceptions.RayError:
            self._ray.kill(process.actor)
            self._pending = {other: whose for other, whose in self._pending.items() if whose != worker}
            self._replace(worker)
            for number, shard in enumerate(process.shards):
                yield Ended(worker, shard, None, was_begun=number == 0)
        else:
            yield Ended(worker, process.shards.popleft(), outcome)


class _Judging:
    """What runs in a worker's process."""

    def __init__(self, detector: bytes, sampling: Sampling, device: str, threads: int) -> None:
        self._detector = detector
        self._sampling = sampling
        self._device = device
        self._threads = threads

    def start(self) -> str | _Refusal:
        """Load the detector; the kind of the worker, or why that failed."""
        import torch

        from engine.models.predictor import Predictor

        torch.set_num_threads(self._threads)
        with tempfile.TemporaryDirectory(prefix="vadgui-") as folder:
            path = Path(folder) / "detector.safetensors"
            path.write_bytes(self._detector)
            try:
                predictor = Predictor.open(path, self._device)
            except VadError as error:
                return _Refusal(error.what, error.advice)
        self._judge = Judge(predictor, self._sampling)
        return _kind(predictor, self._sampling)

    def run(self, shard: Shard) -> Outcome:
        """What comes of a shard."""
        return self._judge.run(shard)


def _kind(predictor: Predictor, sampling: Sampling) -> str:
    """What besides detector and footage decides the last bits of a worker's results, as far as it can tell."""
    import torch

    if not sampling.is_every_frame:
        predictor.prepare_motion()
    parts = [predictor.device_label, f"torch {torch.__version__}"]
    if predictor.is_on_cpu:
        parts.append(torch.backends.cpu.get_cpu_capability())
        with suppress(importlib.metadata.PackageNotFoundError):
            parts.append(f"OpenVINO {importlib.metadata.version('openvino')}")
    return ", ".join(parts)


def _check_reachable(address: str) -> None:
    """Check that something listens there: Ray itself tries for minutes.

    Raises:
        ArchiveError: nothing does, or Ray's client is not installed, which the address asks for.
    """
    if address.startswith(_CLIENT) and find_spec("grpc") is None:
        advice = tr(
            "Install it, here and on the head: pip install 'vadgui[cluster]'. Or make this machine a node with "
            "`ray start --address=HOST:6379`, and name HOST:6379."
        )
        raise ArchiveError(tr("Ray's client is not installed (grpcio)"), subject=address, advice=advice)
    host, colon, port = address.removeprefix(_CLIENT).rpartition(":")
    if colon and port.isdecimal():
        try:
            socket.create_connection((host, int(port)), timeout=_ANSWER_SECONDS).close()
        except OSError as error:
            raise _unreachable(address, error) from error


def _unreachable(address: str, error: Exception) -> ArchiveError:
    advice = tr(
        "Start one with `ray start --head`, or say {address}. One that asks for a token needs RAY_AUTH_MODE=token and "
        "the same ~/.ray/auth_token here ({error})."
    ).format(address=LOCAL, error=error)
    return ArchiveError(tr("The cluster can't be reached"), subject=address, advice=advice)


def _thread_limits(cores: int) -> dict[str, str]:
    # Read when the libraries are loaded, before anything of ours runs.
    return {"OMP_NUM_THREADS": str(cores), "OMP_WAIT_POLICY": "passive"}


def _import_ray() -> Any:
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # it would report to its makers
    os.environ.setdefault("RAY_ENABLE_AUTO_CONNECT", "0")  # once the head is gone, it would look for another cluster
    try:
        import ray
        import ray.exceptions
    except ImportError as error:
        advice = tr("Install it: pip install 'vadgui[cluster]'.")
        raise ArchiveError(tr("Ray is not installed"), advice=advice) from error
    return ray
