import hashlib
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file

from engine.common.errors import DetectorFileError
from engine.models.detector import PRESETS, Detector, DetectorSettings, load_detector, save_detector
from engine.models.detector_header import Label, copy_labelled, read_metadata
from engine.models.folding import fold_batch_norms
from resources import detector_path


@pytest.fixture
def detector() -> Detector:
    torch.manual_seed(1)
    detector = Detector(DetectorSettings("Nördliches Tor", "fast", "dis-medium", 4.5, training={"epochs": 3}))
    for module in detector.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.running_mean.normal_()
            module.running_var.uniform_(0.5, 2)
            torch.nn.init.uniform_(module.weight, 0.5, 1.5)
    return detector.eval()


@pytest.fixture
def path(detector: Detector, tmp_path: Path) -> Path:
    save_detector(detector, tmp_path / "camera 1" / "détecteur.safetensors")
    return tmp_path / "camera 1" / "détecteur.safetensors"


def test_the_paper_preset_has_the_papers_size() -> None:
    detector = Detector(DetectorSettings("x", "paper", "dis-medium", 1.0))
    assert sum(each.numel() for each in detector.parameters()) == pytest.approx(22.6e6, rel=0.005)


@pytest.mark.slow
@pytest.mark.parametrize("preset", PRESETS)
def test_predicts_pictures_between_zero_and_one(preset: str) -> None:
    detector = Detector(DetectorSettings("x", preset, "dis-medium", 1.0)).eval()
    with torch.no_grad():
        flow_rgb, frame = detector(torch.rand(1, 3, 256, 256))
    for picture in (flow_rgb, frame):
        assert picture.shape == (1, 3, 256, 256)
        assert picture.dtype == torch.float32
        assert 0 <= picture.min() <= picture.max() <= 1


def test_a_detector_combines_its_models_as_in_equation_8(detector: Detector) -> None:
    """F_m predicts the flow from I_t (Eq. 2), and F_f the next frame from I_t and that flow (Eq. 6 to 8)."""
    frame = torch.rand(1, 3, 64, 64)
    with torch.no_grad():
        flow_rgb, predicted = detector(frame)
        assert torch.equal(flow_rgb, detector.motion(frame))
        assert torch.equal(predicted, detector.frame(flow_rgb, frame))


def test_the_predicted_flow_changes_the_predicted_frame(detector: Detector) -> None:
    frame = torch.rand(1, 3, 64, 64)
    with torch.no_grad():
        assert not torch.equal(detector.frame(torch.zeros_like(frame), frame), detector.frame(frame, frame))


def test_without_flow_guidance_the_frame_model_ignores_the_flow(tmp_path: Path) -> None:
    unguided = Detector(DetectorSettings("x", "fast", "dis-medium", 1.0, flow_guidance=False)).eval()
    save_detector(unguided, tmp_path / "unguided.safetensors")
    loaded, _ = load_detector(tmp_path / "unguided.safetensors")
    assert not loaded.settings.flow_guidance
    frame = torch.rand(1, 3, 64, 64)
    with torch.no_grad():
        flow_rgb, predicted = loaded(frame)
        assert flow_rgb.shape == frame.shape  # the flow is still predicted
        assert torch.equal(loaded.frame(torch.zeros_like(frame), frame), predicted)


def settings_in(path: Path) -> dict:
    with safe_open(path, framework="pt") as file:
        return json.loads(file.metadata()["settings"])


def write_settings(path: Path, text: str) -> None:
    """Replace the settings in a detector's file, and update its checksum."""
    with safe_open(path, framework="pt") as file:
        header, tensors = file.metadata(), {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    digest = hashlib.sha256(text.encode())
    for name, tensor in sorted(tensors.items()):
        digest.update(f"{name} {tensor.dtype} {list(tensor.shape)}".encode() + tensor.numpy().tobytes())
    save_file(tensors, path, {**header, "settings": text, "sha256": digest.hexdigest()})


def test_flow_guidance_is_the_default_for_files_of_earlier_versions(path: Path) -> None:
    settings = settings_in(path)
    del settings["flow_guidance"]
    write_settings(path, json.dumps(settings, sort_keys=True, ensure_ascii=False))
    assert load_detector(path)[0].settings.flow_guidance


def test_settings_that_a_newer_version_added_are_ignored(detector: Detector, path: Path) -> None:
    write_settings(path, json.dumps({**settings_in(path), "of_a_newer_version": 1}))
    assert load_detector(path)[0].settings == detector.settings


@pytest.mark.parametrize(
    "changes",
    [
        {"name": 5},
        {"preset": ["fast"]},
        {"preset": "unknown"},
        {"flow_radius_px": "4.5"},
        {"flow_guidance": None},
        {"training": 5},
        {"training": {"videos": 5}},
        {"training": {"held_out": None}},
        {"calibration": 5},
        {"calibration": {"evidence": 5}},
    ],
)
def test_settings_of_wrong_types_are_refused(path: Path, changes: dict) -> None:
    write_settings(path, json.dumps({**settings_in(path), **changes}))
    with pytest.raises(DetectorFileError, match="do not fit"):
        load_detector(path)


@pytest.mark.parametrize("text", ["", "[]", "5", "null", "[" * 100_000, '{"a":' * 100_000])
def test_settings_that_are_not_a_json_object_are_refused(path: Path, text: str) -> None:
    write_settings(path, text)
    with pytest.raises(DetectorFileError, match="do not fit"):
        load_detector(path)


def test_saving_and_loading_keeps_settings_and_function(detector: Detector, path: Path) -> None:
    loaded, fingerprint = load_detector(path)
    assert loaded.settings == detector.settings
    assert len(fingerprint) == 64
    frame = torch.rand(1, 3, 64, 64)
    with torch.no_grad():
        torch.testing.assert_close(loaded(frame)[1], detector(frame)[1], atol=2e-3, rtol=0)


def test_a_channels_last_detector_can_be_saved(detector: Detector, path: Path, tmp_path: Path) -> None:
    """Training uses channels_last, where 1x1 kernels have unusual strides although they count as contiguous."""
    save_detector(detector.to(memory_format=torch.channels_last), tmp_path / "trained.safetensors")
    assert load_detector(tmp_path / "trained.safetensors")[1] == load_detector(path)[1]


def test_another_detector_has_another_fingerprint(detector: Detector, path: Path, tmp_path: Path) -> None:
    with torch.no_grad():
        detector.motion.net.head.bias += 0.1
    save_detector(detector, tmp_path / "other.safetensors")
    assert load_detector(path)[1] != load_detector(tmp_path / "other.safetensors")[1]


def test_folding_batch_norms_keeps_the_outputs(detector: Detector) -> None:
    frame = torch.rand(1, 3, 64, 64)
    with torch.no_grad():
        before = detector(frame)[1]
        fold_batch_norms(detector)
        after = detector(frame)[1]
    assert not any(isinstance(module, torch.nn.BatchNorm2d) for module in detector.modules())
    torch.testing.assert_close(after, before, atol=1e-5, rtol=0)


def test_a_failed_save_keeps_the_old_file(detector: Detector, path: Path, monkeypatch) -> None:
    old = path.read_bytes()

    def full_disk(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full_disk)
    with pytest.raises(OSError, match="No space"):
        save_detector(detector, path)
    assert path.read_bytes() == old
    assert list(path.parent.iterdir()) == [path]


def test_flipped_bits_in_the_weights_are_detected(path: Path) -> None:
    data = bytearray(path.read_bytes())
    for place in (len(data) - 1, len(data) // 2, len(data) - 5000):
        damaged = bytearray(data)
        damaged[place] ^= 0x10
        path.write_bytes(damaged)
        with pytest.raises(DetectorFileError, match="damaged"):
            load_detector(path)


@pytest.mark.parametrize("share", [0.0, 0.001, 0.5, 0.999])
def test_a_truncated_file_is_damaged(path: Path, share: float) -> None:
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])
    with pytest.raises(DetectorFileError, match="damaged"):
        load_detector(path)


def rewrite_header(path: Path, **changes: str) -> None:
    header = json.loads(path.read_bytes()[8 : 8 + int.from_bytes(path.read_bytes()[:8], "little")])["__metadata__"]
    save_file(load_file(path), path, {**header, **changes})


def version_of(path: Path) -> str:
    return read_metadata(path)["format_version"]


def test_only_a_detector_of_several_lights_needs_a_newer_program(tmp_path: Path) -> None:
    """So older ones open all others, and saving a detector again changes nothing in it."""
    known = load_detector(detector_path("ped2"))[0]
    path = tmp_path / "again.safetensors"
    save_detector(known, path)
    assert version_of(path) == version_of(detector_path("ped2")) == "4"
    assert read_metadata(path)["sha256"] == read_metadata(detector_path("ped2"))["sha256"]
    calibration = known.settings.calibration
    assert calibration is not None
    assert calibration.reference is not None
    night = replace(calibration.lights[0], reference=replace(calibration.reference, layout=(50.0,) * 64))
    settings = replace(known.settings, calibration=calibration.with_lights([night]))
    save_detector(known.with_settings(settings), path)
    assert version_of(path) == "5"
    assert load_detector(path)[0].settings == settings


def test_older_programs_refuse_a_detector_of_footage_that_nobody_reviewed(tmp_path: Path) -> None:
    """They would promise a number of false alarms."""
    known = load_detector(detector_path("ped2"))[0]
    calibration = known.settings.calibration
    assert calibration is not None
    settings = replace(known.settings, calibration=replace(calibration, unreviewed=True))
    path = tmp_path / "unreviewed.safetensors"
    save_detector(known.with_settings(settings), path)
    assert version_of(path) == "6"
    assert load_detector(path)[0].settings == settings


def test_layer_ranges_make_no_other_detector_of_it(path: Path, detector: Detector) -> None:
    """So what was analysed stays valid, and older programs open it."""
    ranges = np.array([[-0.1, 1.0 / 3]] * 16, np.float32)
    before, version = read_metadata(path)["sha256"], version_of(path)
    save_detector(detector.with_layer_ranges(ranges), path)
    assert (read_metadata(path)["sha256"], version_of(path)) == (before, version)
    found, fingerprint = load_detector(path)
    assert fingerprint == before
    np.testing.assert_array_equal(found.layer_ranges, ranges)
    copy_labelled(path, path.with_stem("copy"), Label("another"))
    np.testing.assert_array_equal(load_detector(path.with_stem("copy"))[0].layer_ranges, ranges)


@pytest.mark.parametrize("change", [("0.333", "0.334"), ("-0.1", "NaN"), ("]]", "]"), ("[-0.1", "[2.0")])
def test_damaged_layer_ranges_are_refused(path: Path, detector: Detector, change: tuple[str, str]) -> None:
    save_detector(detector.with_layer_ranges(np.array([[-0.1, 0.333]] * 16, np.float32)), path)
    kept = read_metadata(path)["layer_ranges"]
    assert change[0] in kept
    rewrite_header(path, layer_ranges=kept.replace(*change))
    with pytest.raises(DetectorFileError, match="do not fit together"):
        load_detector(path)


def test_how_much_eight_bits_would_change_makes_no_other_detector_of_it(path: Path, detector: Detector) -> None:
    before, version = read_metadata(path)["sha256"], version_of(path)
    assert load_detector(path)[0].rounding_error is None
    save_detector(detector.with_layer_ranges(None, 0.0125), path)
    assert (read_metadata(path)["sha256"], version_of(path)) == (before, version)
    assert load_detector(path)[0].rounding_error == 0.0125


@pytest.mark.parametrize("text", ["", "NaN", "Infinity", "-1", "[1]", '"1"'])
def test_a_damaged_rounding_error_is_refused(path: Path, detector: Detector, text: str) -> None:
    save_detector(detector.with_layer_ranges(None, 0.0125), path)
    rewrite_header(path, rounding_error=text)
    with pytest.raises(DetectorFileError, match="do not fit together"):
        load_detector(path)


def test_up_to_which_change_pictures_are_still_makes_no_other_detector_of_it(path: Path, detector: Detector) -> None:
    before, version = read_metadata(path)["sha256"], version_of(path)
    assert load_detector(path)[0].still_change is None
    save_detector(detector.with_still_change(1.25), path)
    assert (read_metadata(path)["sha256"], version_of(path)) == (before, version)
    assert load_detector(path)[0].still_change == 1.25


@pytest.mark.parametrize("text", ["", "NaN", "-1", "256", "[1]", '"1"'])
def test_a_damaged_still_change_is_refused(path: Path, detector: Detector, text: str) -> None:
    save_detector(detector.with_still_change(1.25), path)
    rewrite_header(path, still_change=text)
    with pytest.raises(DetectorFileError, match="do not fit together"):
        load_detector(path)


def test_lights_that_nobody_can_tell_apart_are_refused(tmp_path: Path) -> None:
    known = load_detector(detector_path("ped2"))[0]
    calibration = known.settings.calibration
    assert calibration is not None
    night = replace(calibration.lights[0], reference=None)
    settings = replace(known.settings, calibration=calibration.with_lights([night]))
    save_detector(known.with_settings(settings), tmp_path / "odd.safetensors")
    with pytest.raises(DetectorFileError, match="do not fit together"):
        load_detector(tmp_path / "odd.safetensors")


def test_a_file_of_a_newer_version_is_refused(path: Path) -> None:
    rewrite_header(path, format_version="9")
    with pytest.raises(DetectorFileError, match="newer") as caught:
        load_detector(path)
    assert "Update" in caught.value.advice


def test_changed_settings_are_detected(path: Path) -> None:
    rewrite_header(path, settings="{}")
    with pytest.raises(DetectorFileError, match="damaged"):
        load_detector(path)


def test_another_safetensors_file_is_refused(tmp_path: Path) -> None:
    save_file({"weight": torch.zeros(3)}, tmp_path / "llm.safetensors")
    with pytest.raises(DetectorFileError, match="not a vadgui detector"):
        load_detector(tmp_path / "llm.safetensors")


def test_pickles_are_never_loaded(tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    torch.save(torch.nn.Linear(2, 2), path)
    with pytest.raises(DetectorFileError, match="not a detector"):
        load_detector(path)


def test_a_missing_file_or_a_folder_is_refused(tmp_path: Path) -> None:
    for path in (tmp_path / "none.safetensors", tmp_path):
        with pytest.raises(DetectorFileError, match="no detector file") as caught:
            load_detector(path)
        assert caught.value.subject == str(path)
