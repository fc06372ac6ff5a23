"""Pictures of A1111's web UI and its kin as graphs."""

import json
from pathlib import Path

import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from comfy_core import folders
from execution.infotext import import_picture
from tests.execution.infotext.hands import PLAIN, SCHEMAS, classes, inputs


def picture(path: Path, texts: dict[str, str] | None = None, comment: bytes = b"", size=(64, 48)) -> Path:
    image, options = Image.new("RGB", size), {}
    if texts:
        options["pnginfo"] = PngInfo()
        for name, text in texts.items():
            options["pnginfo"].add_itxt(name, text)
    if comment:
        exif = Image.Exif()
        exif.get_ifd(0x8769)[0x9286] = comment
        options["exif"] = exif.tobytes()
    image.save(path, **options)
    return path


def opened(path):
    return import_picture(path, SCHEMAS, folders.current())


UNICODE = f"ein Bär, 猫\n{PLAIN}"


def test_png_parameters(tmp_path):
    made = opened(picture(tmp_path / "a.png", {"parameters": UNICODE}))
    assert inputs(made.prompt, "CLIPTextEncodeA1111")["text"] == "ein Bär, 猫"


@pytest.mark.parametrize("ending", ["jpg", "webp", "avif", "png"])
@pytest.mark.parametrize(
    "comment",
    [
        b"UNICODE\0" + UNICODE.encode("utf-16-be"),
        b"UNICODE\0" + UNICODE.encode("utf-16-le"),
        b"UNICODE\0" + UNICODE.encode("utf-16"),
        b"\0" * 8 + UNICODE.encode(),
        UNICODE.encode(),
    ],
    ids=["big", "little", "marked", "unnamed", "bare"],
)
def test_exif_comments_in_all_their_spellings(tmp_path, ending, comment):
    made = opened(picture(tmp_path / f"a.{ending}", comment=comment))
    assert inputs(made.prompt, "CLIPTextEncodeA1111")["text"] == "ein Bär, 猫"


def test_invoke(tmp_path):
    said = {
        "positive_prompt": "a cat", "negative_prompt": "dog", "width": 512, "height": 640, "seed": 3, "steps": 30,
        "cfg_scale": 7.5, "scheduler": "dpmpp_2m_k", "model": {"name": "dream", "key": "1", "hash": "blake3:00"},
        "loras": [{"model": {"name": "ink"}, "weight": 0.6}], "clip_skip": 1,
    }  # fmt: skip
    prompt = opened(picture(tmp_path / "a.png", {"invokeai_metadata": json.dumps(said)})).prompt
    assert inputs(prompt, "KSampler") == {
        "seed": 3, "steps": 30, "cfg": 7.5, "sampler_name": "dpmpp_2m", "scheduler": "karras", "denoise": 1.0,
    }  # fmt: skip
    assert inputs(prompt, "LoraLoader")["lora_name"] == "ink.safetensors"
    assert inputs(prompt, "CLIPSetLastLayer") == {"stop_at_clip_layer": -2}
    assert inputs(prompt, "CheckpointLoaderSimple")["ckpt_name"] == "dream.safetensors"


def test_old_invoke(tmp_path):
    image = {
        "prompt": [{"prompt": "a cat [ugly, old]", "weight": 1}], "steps": 50, "cfg_scale": 8, "width": 512,
        "height": 512, "seed": 9, "sampler": "k_euler_a",
    }  # fmt: skip
    said = {"model": "stable diffusion", "model_weights": "sd15", "image": image}
    prompt = opened(picture(tmp_path / "a.png", {"sd-metadata": json.dumps(said)})).prompt
    texts = [inputs(prompt, "CLIPTextEncodeA1111", place)["text"] for place in (0, 1)]
    assert texts == ["a cat", "ugly, old"]
    assert inputs(prompt, "KSampler")["sampler_name"] == "euler_ancestral"


def test_novelai(tmp_path):
    said = {"steps": 28, "sampler": "k_euler_ancestral", "seed": 4, "scale": 11, "uc": "[bad]", "strength": 0.7}
    texts = {"Software": "NovelAI", "Description": "{{cat}}, (x)", "Comment": json.dumps(said), "Source": "NAI 1234"}
    prompt = opened(picture(tmp_path / "a.png", texts)).prompt
    texts = [inputs(prompt, "CLIPTextEncodeA1111", place)["text"] for place in (0, 1)]
    assert texts == [r"((cat:1.05):1.05), \(x\)", "(bad:0.952)"]
    assert inputs(prompt, "EmptyLatentImage") == {"width": 64, "height": 48, "batch_size": 1}


def test_fooocus_and_swarm_have_the_grammar_and_the_noise_of_comfyui(tmp_path):
    fooocus = {
        "prompt": "cat", "full_prompt": ["cat", "cinematic"], "negative_prompt": "dog", "steps": 30,
        "resolution": "(1152, 896)", "guidance_scale": 4.0, "sampler": "dpmpp_2m_sde_gpu", "scheduler": "karras",
        "base_model": "jug", "base_model_hash": "abc", "seed": "12", "loras": [["offset", 0.1, "deadbeef"]],
        "refiner_model": "None",
    }  # fmt: skip
    swarm = {
        "sui_image_params": {
            "prompt": "cat",
            "negativeprompt": "dog",
            "model": "jug",
            "seed": 12,
            "steps": 30,
            "cfgscale": 4.0,
            "width": 1152,
            "height": 896,
            "sampler": "dpmpp_2m_sde_gpu",
            "scheduler": "karras",
            "loras": ["offset"],
            "loraweights": ["0.1"],
        }
    }
    for name, said in (("fooocus", fooocus), ("swarm", swarm)):
        prompt = opened(picture(tmp_path / f"{name}.png", {"parameters": json.dumps(said)})).prompt
        assert inputs(prompt, "KSampler") == {
            "seed": 12, "steps": 30, "cfg": 4.0, "sampler_name": "dpmpp_2m_sde_gpu", "scheduler": "karras",
            "denoise": 1.0,
        }  # fmt: skip
        assert inputs(prompt, "EmptyLatentImage") == {"width": 1152, "height": 896, "batch_size": 1}
        assert inputs(prompt, "LoraLoader")["strength_model"] == 0.1
        assert "CLIPTextEncode" in classes(prompt)
        assert "EaselNoiseSource" not in classes(prompt)


def test_a_picture_of_comfyui_has_the_graph_itself(tmp_path):
    prompt = {"1": {"class_type": "EmptyLatentImage", "inputs": {"width": 64, "height": 64, "batch_size": 1}}}
    for more in ({}, {"parameters": PLAIN}):
        made = opened(picture(tmp_path / "a.png", {"prompt": json.dumps(prompt), **more}))
        assert (made.prompt, made.workflow["nodes"][0]["type"]) == (prompt, "EmptyLatentImage")
    made = opened(picture(tmp_path / "b.png", {"prompt": "a cat", "parameters": PLAIN}))
    assert inputs(made.prompt, "KSampler")["seed"] == 5


@pytest.mark.parametrize(
    ("texts", "said"),
    [
        ({}, "does not say how it was made"),
        ({"parameters": "just words"}, "no line of settings"),
        ({"parameters": '{"sui_image_params'}, "damaged"),
        ({"invokeai_metadata": "[]"}, "damaged"),
        ({"sd-metadata": "[" * 100_000}, "damaged"),
        ({"prompt": "{", "workflow": "{"}, "does not say how it was made"),
    ],
)
def test_pictures_that_say_nothing_are_refused_in_words(tmp_path, texts, said):
    with pytest.raises(ValueError, match=said):
        opened(picture(tmp_path / "a.png", texts))


def test_what_is_no_picture_is_refused_in_words(tmp_path):
    path = tmp_path / "a.png"
    path.write_bytes(b"MZ\x00\xff")
    with pytest.raises(ValueError, match="does not say how it was made"):
        opened(path)


@pytest.mark.parametrize("odd", [None, 3, "x", [], {"name": [1]}])
def test_metadata_of_odd_shapes_makes_a_graph_or_a_sentence(tmp_path, odd):
    said = dict.fromkeys(
        ("positive_prompt", "negative_prompt", "width", "height", "seed", "steps", "cfg_scale", "scheduler", "model",
         "loras", "clip_skip", "vae", "image", "model_weights", "uc", "sampler", "prompt", "resolution", "base_model",
         "sui_image_params", "loraweights", "Refiner Model", "lora_combined_1", "full_prompt"), odd,
    )  # fmt: skip
    text = json.dumps(said)
    for texts in (
        {"invokeai_metadata": text},
        {"sd-metadata": text},
        {"Software": "NovelAI", "Comment": text},
        {"parameters": text},
    ):
        assert opened(picture(tmp_path / "a.png", texts)).prompt
