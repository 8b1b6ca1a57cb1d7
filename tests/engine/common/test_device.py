import pytest
import torch

from engine.common.device import choose_compute
from engine.common.errors import DeviceError


def test_auto_finds_something_and_says_what() -> None:
    plan = choose_compute()
    assert plan.label
    assert plan.dtype in (torch.float32, torch.bfloat16, torch.float16)


def test_the_cpu_is_always_there() -> None:
    plan = choose_compute("cpu")
    assert plan.device.type == "cpu"
    assert plan.label.startswith("CPU")


@pytest.mark.parametrize(
    "name", ["cuda:99", "quantum", "meta", "mps" if not torch.backends.mps.is_available() else "?"]
)
def test_a_missing_device_is_named(name: str) -> None:
    with pytest.raises(DeviceError) as caught:
        choose_compute(name)
    assert caught.value.subject == name
    assert "cpu" in caught.value.advice


def test_old_processors_get_float32(monkeypatch) -> None:
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"avx2": True}, raising=False)
    assert choose_compute("cpu").dtype == torch.float32


def test_processors_that_multiply_bfloat16_get_it(monkeypatch) -> None:
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"avx512_bf16": True}, raising=False)
    monkeypatch.setattr("platform.machine", lambda: "x86_64")
    assert choose_compute("cpu").dtype == torch.bfloat16
