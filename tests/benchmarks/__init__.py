"""Benchmarks, run by `python -m tests.benchmarks`, with the thread settings of the programs."""

import os

# The same setting as in `vad` and `vadgui`: idle torch threads that spin would slow down the measured code.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
