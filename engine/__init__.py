"""The Qt-free engine: video in, raw signals, scores and segments out."""
