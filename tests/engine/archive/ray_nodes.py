"""Nodes of a Ray cluster as people start them: `ray start`, each with processes of its own, and a token."""

from __future__ import annotations

import os
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

_START = "from ray.scripts.scripts import main; main()"
_MEMORY_BYTES = 128 << 20
PATIENCE_SECONDS = 90


@dataclass
class RayNode:
    """A machine of a cluster, played by processes of its own."""

    process: subprocess.Popen[bytes]

    def processes(self) -> list[psutil.Process]:
        """All that belong to it, its workers, too."""
        first = psutil.Process(self.process.pid)
        return [first, *first.children(recursive=True)]

    def is_judging(self) -> bool:
        """Whether it has a worker that judges recordings."""
        for each in self.processes():
            with suppress(psutil.NoSuchProcess, psutil.ZombieProcess):
                if "ray::_Judging" in " ".join(each.cmdline()):
                    return True
        return False

    def kill(self) -> None:
        """End it at once, as a power cut would; `ray stop` would end other clusters of this machine, too."""
        if self.process.poll() is None:
            for each in self.processes():
                with suppress(psutil.NoSuchProcess):
                    each.kill()
        self.process.wait()


@dataclass
class RayCluster:
    """A head and another node, of one core each."""

    address: str
    """HOST:PORT of the head."""
    client_address: str
    """ray://HOST:PORT of the head, for programs on machines that are no node."""
    head: RayNode
    node: RayNode
    environment: Mapping[str, str]
    """What a program needs that is to join it."""


@contextmanager
def ray_cluster(**node_environment: str) -> Iterator[RayCluster]:
    """Start both nodes, which end with the block; that which is not the head may have variables of its own."""
    folder = tempfile.mkdtemp(prefix="ray-")  # names of its sockets have to be short
    environment = {
        **{"RAY_TMPDIR": folder, "RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": secrets.token_hex(32)},
        **{"RAY_USAGE_STATS_ENABLED": "0", "PYTHONPATH": str(Path(__file__).parents[3])},
    }
    port, client_port = _free_port(), _free_port()
    with ExitStack() as nodes:
        nodes.callback(shutil.rmtree, folder, ignore_errors=True)
        head = _started(
            environment,
            "--head",
            f"--port={port}",
            "--include-dashboard=false",
            f"--ray-client-server-port={client_port}",
        )
        nodes.callback(head.kill)
        _wait_for(port)
        node = _started(environment | node_environment, f"--address=127.0.0.1:{port}")
        nodes.callback(node.kill)
        _wait_for(client_port)
        _wait_for_cores(2, f"127.0.0.1:{port}", environment)
        yield RayCluster(f"127.0.0.1:{port}", f"ray://127.0.0.1:{client_port}", head, node, environment)


def _started(environment: Mapping[str, str], *options: str) -> RayNode:
    command = [sys.executable, "-c", _START, "start", "--block", "--num-cpus=1", "--node-ip-address=127.0.0.1"]
    process = subprocess.Popen(
        [*command, f"--object-store-memory={_MEMORY_BYTES}", *options],
        env=os.environ | environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    return RayNode(process)


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def _wait_for(port: int) -> None:
    ends = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            if time.monotonic() > ends:
                raise
            time.sleep(0.1)
        else:
            return


def _wait_for_cores(count: int, address: str, environment: Mapping[str, str]) -> None:
    """In a process of its own: Ray takes the token once for the life of a process."""
    script = f"""
import ray, time
ray.init({address!r}, log_to_driver=False, configure_logging=False)
while ray.cluster_resources().get("CPU", 0) < {count}:
    time.sleep(0.1)
"""
    subprocess.run(
        [sys.executable, "-c", script],
        env=os.environ | environment,
        check=True,
        timeout=PATIENCE_SECONDS,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
