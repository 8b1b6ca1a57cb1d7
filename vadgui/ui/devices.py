"""The devices that a detector can run on, in words."""

DEVICES = {
    "auto": "Fastest of this machine",
    "cuda": "NVIDIA GPU (CUDA)",
    "mps": "Apple GPU (MPS)",
    "cpu": "CPU",
}
