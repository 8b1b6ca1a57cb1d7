"""A flow network as a teacher: pictures in, flow out."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
import torch

from engine.common.device import choose_compute
from engine.common.errors import DeviceError
from engine.common.memory import is_out_of_memory
from engine.flow.colour import Flow
from engine.flow.networks.pwcnet import PWCNET_NAMINGS, pwcnet
from engine.flow.networks.raft import RAFT_NAMINGS, raft_small
from engine.flow.networks.weights import load_weights
from engine.video.frame import Pixels

_NETWORKS = {
    "raft": (raft_small, "RAFT's small model", RAFT_NAMINGS),
    "pwcnet": (pwcnet, "PWC-Net", PWCNET_NAMINGS),
}


class NetworkTeacher:
    """Estimates flow with a network, in float32; a lock lets one thread run it at a time."""

    def __init__(self, name: str, weights: Path, device: str = "cpu") -> None:
        """Load the network "raft" or "pwcnet" with the weights of a file, on a device out of DEVICE_NAMES.

        Raises:
            TeacherError: the file does not hold the network's weights.
            DeviceError: this machine has no such device.
        """
        build, label, namings = _NETWORKS[name]
        self.name = name
        self._device = choose_compute(device).device
        network = build()
        self.fingerprint = f"{name}-{load_weights(network, weights, label, namings)[:16]}"
        self._network = network.eval().to(self._device)
        self._lock = threading.Lock()

    @torch.inference_mode()
    def flow(self, previous: Pixels, current: Pixels) -> Flow:
        """Flow [2, H, W] in px.

        Raises:
            DeviceError: the pictures do not fit into the device's memory.
        """
        pair = torch.from_numpy(np.stack([previous, current])).permute(0, 3, 1, 2)
        try:
            with self._lock:
                pair = pair.to(self._device) / 255
                flow = self._network(pair[:1], pair[1:])[0].cpu().numpy()
        except (MemoryError, RuntimeError) as error:
            if not is_out_of_memory(error):
                raise
            raise DeviceError(
                f"A picture of {previous.shape[1]}x{previous.shape[0]} pixels does not fit into memory",
                subject=f"{self.name} on {self._device}",
                advice="Use smaller pictures, another device, or the teacher dis.",
            ) from error
        return np.ascontiguousarray(flow, np.float32)
