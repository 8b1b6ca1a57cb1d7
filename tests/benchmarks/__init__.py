"""Benchmarks, run by `python -m tests.benchmarks`; beside them the programs' own settings hold."""

import os

# As `vad` and `vadgui` set it: idle torch threads that spin would slow down whatever else is measured.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
