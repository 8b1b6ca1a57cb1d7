"""The motion model in int8, by NNCF's quantisation after training."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from engine.models.motion_engine import import_openvino
from engine.video.frame import Pixels

_CONVOLUTIONS = ("Convolution", "ConvolutionBackpropData")


def quantise(whole: Path, file: Path, normal: Sequence[Pixels], spared: int) -> None:
    """Write OpenVINO's file `whole` to `file` in int8, its ranges learnt from normal pictures.

    With `spared`, so many convolutions at the beginning, and the last one, stay in float32.
    """
    openvino = import_openvino()
    import nncf

    model = openvino.Core().read_model(whole)
    layers = [each.get_friendly_name() for each in model.get_ordered_ops() if each.get_type_name() in _CONVOLUTIONS]
    quantised = nncf.quantize(
        model,
        nncf.Dataset(normal, lambda picture: picture[None]),
        preset=nncf.QuantizationPreset.MIXED,  # leaky ReLUs give negative values, too
        subset_size=len(normal),
        ignored_scope=nncf.IgnoredScope(names=[*layers[:spared], layers[-1]]) if spared else None,
    )
    openvino.save_model(quantised, file, compress_to_fp16=False)
