"""Device and precision that the models run on, chosen automatically or by name."""

from __future__ import annotations

import contextlib
import platform
from dataclasses import dataclass

import torch

from engine.common.errors import DeviceError
from engine.common.language import tr, tr_n

DEVICE_NAMES = ("auto", "cuda", "mps", "cpu")


@dataclass(frozen=True)
class ComputeConfig:
    """A device and the precision that is fastest on it."""

    device: torch.device
    dtype: torch.dtype
    """Precision of the models' inner layers; their last convolution and all scores are float32."""
    label: str
    """Device and precision for people: "CPU (4 threads), bfloat16"."""


def choose_compute(name: str = "auto") -> ComputeConfig:
    """The configuration of a device out of DEVICE_NAMES or such as "cuda:1"; "auto" takes CUDA, else MPS, else the CPU.

    Raises:
        DeviceError: this machine has no such device.
    """
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else "cpu"
    try:
        device = torch.device(name)
    except RuntimeError as error:
        raise DeviceError(
            tr("Unknown device"),
            subject=name,
            advice=tr("Choose one of {names}.").format(names=", ".join(DEVICE_NAMES)),
        ) from error
    if device.type == "cuda":
        if not torch.cuda.is_available() or (device.index or 0) >= torch.cuda.device_count():
            raise DeviceError(
                tr("No such CUDA device here"),
                subject=name,
                advice=tr("Choose the device cpu, or check the NVIDIA driver with `vad doctor`."),
            )
        major, _ = torch.cuda.get_device_capability(device)
        dtype = torch.bfloat16 if major >= 8 else torch.float16 if major >= 7 else torch.float32
        return ComputeConfig(device, dtype, f"{torch.cuda.get_device_name(device)}, {_in_words(dtype)}")
    if device.type == "mps":
        if not torch.backends.mps.is_available():
            raise DeviceError(
                tr("Apple's GPU is not available here"), subject=name, advice=tr("Choose the device cpu.")
            )
        return ComputeConfig(device, torch.float16, "Apple GPU (MPS), float16")
    if device.type != "cpu":
        raise DeviceError(
            tr("Unsupported device"),
            subject=name,
            advice=tr("Choose one of {names}.").format(names=", ".join(DEVICE_NAMES)),
        )
    dtype = torch.bfloat16 if _cpu_multiplies_bfloat16() else torch.float32
    threads = torch.get_num_threads()
    used = tr_n("CPU ({count} thread), {precision}", "CPU ({count} threads), {precision}", threads)
    return ComputeConfig(device, dtype, used.format(count=threads, precision=_in_words(dtype)))


def _cpu_multiplies_bfloat16() -> bool:
    """Whether this CPU has bfloat16 instructions; without them bfloat16 is emulated and far slower than float32."""
    if platform.machine().lower() not in ("x86_64", "amd64"):
        return False
    with contextlib.suppress(AttributeError):  # the oldest supported torch lacks torch.cpu.get_capabilities
        capabilities = torch.cpu.get_capabilities()
        return bool(capabilities.get("amx_bf16") or capabilities.get("avx512_bf16"))
    return False


def _in_words(dtype: torch.dtype) -> str:
    return str(dtype).removeprefix("torch.")
