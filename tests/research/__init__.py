"""Experiments that choose how scores are made; beside them the programs' own settings hold."""

import os

# As `vad` and `vadgui` set it: idle torch threads that spin slow down everything else.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
