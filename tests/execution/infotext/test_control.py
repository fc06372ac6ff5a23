"""The ControlNet units of the web UI's extension, in the words of all its versions."""

import pytest
from PIL import Image

from tests.execution.infotext.hands import PLAIN, classes, imported, inputs, run
from tests.tiny_control import write_control
from tests.tiny_models import write_model


def led_by(prompt, sampler):
    """The ControlNets on a sampler's prompts, the first one first: each side's."""
    sides = []
    for side in ("positive", "negative"):
        link, found = prompt[sampler]["inputs"][side], []
        while (node := prompt[link[0]])["class_type"] == "ControlNetApplyAdvanced":
            found.insert(0, node["_meta"]["title"])
            link = node["inputs"]["positive" if link[1] == 0 else "negative"]
        sides.append(found)
    return sides


def test_controlnet_units_in_the_words_of_the_extension(base):
    write_control(base / "models/controlnet/control_v11p_sd15_canny.pth", "sd1")
    text = (
        f"a\n{PLAIN}, Denoising strength: 0.5, Hires upscale: 2, "
        'ControlNet 0: "Module: canny, Model: control_v11p_sd15_canny [d14c016b], Weight: 0.8, Resize Mode: Crop and '
        "Resize, Low Vram: False, Processor Res: 640, Threshold A: 90.0, Threshold B: 255.0, Guidance Start: 0.1, "
        "Guidance End: 0.9, Pixel Perfect: False, Control Mode: Balanced, Hr Option: Both, Save Detected Map: "
        'True", ControlNet 1: "Module: invert (from white bg & black line), Model: b, Weight: 1.0, Resize Mode: Just '
        'Resize, Control Mode: ControlNet is more important, Hr Option: Low res only", '
        'ControlNet 2: "Module: ip-adapter_clip_sd15, Model: ip-adapter_sd15 [6a3f6166], Weight: 1"'
    )
    made = imported(text)
    first, second = (id for id, node in made.prompt.items() if node["class_type"] == "KSampler")
    assert led_by(made.prompt, first) == [["ControlNet 0", "ControlNet 1"], ["ControlNet 0"]]
    assert led_by(made.prompt, second) == [["ControlNet 0"], ["ControlNet 0"]]
    assert inputs(made.prompt, "ControlNetApplyAdvanced") == {
        "strength": 0.8, "start_percent": 0.1, "end_percent": 0.9,
    }  # fmt: skip
    assert inputs(made.prompt, "CannyEdgePreprocessor") == {
        "low_threshold": 90, "high_threshold": 255, "resolution": 640,
    }  # fmt: skip
    assert inputs(made.prompt, "ControlNetLoader")["control_net_name"] == "control_v11p_sd15_canny.pth"
    assert inputs(made.prompt, "ImageScale") == {
        "upscale_method": "area", "width": 64, "height": 64, "crop": "disabled",
    }  # fmt: skip
    assert {"ImageInvert", "LoadImage"} <= set(classes(made.prompt))
    said = " | ".join(made.warnings)
    assert "hash begins with d14c016b" in said
    assert "ControlNet 0: the infotext does not have the picture that it saw; choose it in Load Image" in said
    assert "ControlNet 2 (ip-adapter_clip_sd15, ip-adapter_sd15 [6a3f6166]) is left out" in said
    assert "'ControlNet is more important' also weakens fine detail" in said


@pytest.mark.parametrize(
    "unit",
    [
        'ControlNet 0: "preprocessor: canny, model: control_sd15_canny [fef5e48e], weight: 0.5, starting/ending: '
        "(0.2, 0.6), resize mode: Crop and Resize, pixel perfect: False, control mode: Balanced, preprocessor params: "
        '(384, 50, 60)"',
        "ControlNet-0 Enabled: True, ControlNet-0 Module: canny, ControlNet-0 Model: control_sd15_canny [fef5e48e], "
        "ControlNet-0 Weight: 0.5, ControlNet-0 Guidance Start: 0.2, ControlNet-0 Guidance End: 0.6",
    ],
    ids=["old", "oldest"],
)
def test_controlnet_units_of_older_versions(unit):
    made = imported(f"a\n{PLAIN}, {unit}")
    assert inputs(made.prompt, "ControlNetApplyAdvanced") == {
        "strength": 0.5, "start_percent": 0.2, "end_percent": 0.6,
    }  # fmt: skip
    thresholds = {"low_threshold": 50, "high_threshold": 60, "resolution": 384} if "params" in unit else {}
    assert inputs(made.prompt, "CannyEdgePreprocessor") == (thresholds or {"resolution": 512})
    assert not [one for one in made.warnings if "not carried over" in one]


@pytest.mark.parametrize(
    ("module", "node", "warns"),
    [
        ("none", None, ""),
        ("tile_resample, Threshold A: 1", None, ""),
        ("tile_resample, Threshold A: 2", "ImageScaleBy", ""),
        ("scribble_xdog, Threshold A: 20", "Scribble_XDoG_Preprocessor", ""),
        ("lineart_standard (from white bg & black line)", "LineartStandardPreprocessor", ""),
        ("softedge_pidinet", "SoftEdges", "SoftEdges stands in for softedge_pidinet"),
        ("depth_midas", None, "there is no node for the preprocessor depth_midas"),
        ("canny, Pixel Perfect: True, Threshold A: 90, Threshold B: 256", "CannyEdgePreprocessor", ""),
    ],
)
def test_preprocessors_that_need_no_network_are_nodes_and_the_others_are_told(base, module, node, warns):
    write_model(base / "models/checkpoints/tiny.safetensors", "sd1")
    write_control(base / "models/controlnet/net.safetensors", "sd1")
    (base / "input").mkdir()
    Image.effect_noise((80, 64), 80).convert("RGB").save(base / "input/controlnet_0.png")
    made = imported(f'a\n{PLAIN}, ControlNet 0: "Module: {module}, Model: net, Weight: 1.0"')
    (net,) = [one for one in made.prompt.values() if one["class_type"] == "ControlNetApplyAdvanced"]
    hint = made.prompt[net["inputs"]["image"][0]]
    assert hint["class_type"] == (node or "LoadImage")
    told = [one for one in made.warnings if "preprocessor" in one or "stands in" in one]
    assert [warns in one for one in told] == [True] * bool(warns)
    with Image.open(run(made.prompt)) as picture:
        assert picture.size == (64, 64)
