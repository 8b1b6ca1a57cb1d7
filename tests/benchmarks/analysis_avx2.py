"""What `analysis` measures, as on a processor without bfloat16 and AVX-512: both ways then compute in float32."""

from __future__ import annotations

import os

os.environ.update(ONEDNN_MAX_CPU_ISA="AVX2", ATEN_CPU_CAPABILITY="avx2")  # read when torch is imported

from unittest import mock

from tests.benchmarks import analysis

BARS = analysis.BARS


def run(quick: bool = False) -> dict[str, float]:
    """The figures of `analysis`."""
    with mock.patch("engine.common.device._cpu_multiplies_bfloat16", return_value=False):
        return analysis.run(quick)
