"""Video: frames in with exact numbers and times, clips out."""

from engine.video.opening import open_video

__all__ = ["open_video"]
