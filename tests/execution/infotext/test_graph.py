"""Texts of A1111's web UI as graphs; the three infotexts of the user's documents first."""

import hashlib
import json

import pytest
import torch
from PIL import Image

from comfy_core import folders
from comfy_core.infotext import parse
from execution.convert import to_prompt
from execution.infotext import import_text
from tests.execution.infotext.hands import NODES, PLAIN, SCHEMAS, classes, imported, inputs, run
from tests.tiny_models import write_model

FORGE = "Version: f2.0.1v1.10.1-previous-557-ge9d1736b"
PROTOGEN = (
    "Steps: 20, Sampler: Euler a, CFG scale: 12, Seed: 1441787169, Size: 512x512, Model hash: 60fe2f34, "
    "Model: protogenX34OfficialR_1"
)
CYBERREALISTIC = (
    "portrait of a woman, (messy hair:1.2)\nNegative prompt: tiara\n"
    "Steps: 20, Sampler: DPM++ 2M, Schedule type: Karras, CFG scale: 4, Seed: 2529697523, Size: 512x768, "
    "Model hash: 43d0be1815, Model: cyberrealistic_v60, Denoising strength: 0.6, Hires CFG Scale: 7, "
    f"Hires upscale: 1.65, Hires steps: 10, Hires upscaler: Latent, {FORGE}"
)
DREAMSHAPER = (
    "Steps: 8, Sampler: DPM++ 2M SDE, Schedule type: Exponential, CFG scale: 1.5, Seed: 405868469, Size: 832x1216, "
    f"Model hash: 4496b36d48, Model: dreamshaperXL_v21TurboDPMSDE, {FORGE}"
)
FULL_OF_FIELDS = (
    "masterpiece, (a girl:1.2) reading \\(book\\), <lora:ink:0.6> BREAK library [lamp:candle:0.4]\n"
    "Negative prompt: EasyNegative, [[blurry]]\n"
    "Steps: 30, Sampler: DPM++ SDE Karras, CFG scale: 30, Seed: -1, Size: 1000x1000, Model hash: , "
    "VAE hash: 735e4c3a44, VAE: vae-ft-mse.safetensors, Denoising strength: 0.35, Clip skip: 2, ENSD: 31337, "
    "Token merging ratio: 0.4, "
    'Tiling: True, Hires upscale: 2, Hires steps: 15, Hires upscaler: R-ESRGAN 4x+, Lora hashes: "ink: 9e7b1f3d0c55", '
    'TI hashes: "EasyNegative: 66a7279a88dd", Hashes: {"model": "abc, d", "lora:ink": "ef"}, '
    'Civitai resources: [{"type":"checkpoint","modelVersionId":1,"air":"urn:x"}], Version: v1.9.4, '
    'Template: "a {b|c}, d", Dynamic thresholding enabled: True, Mimic scale: 7'
)


def test_the_first_infotext_of_the_documents():
    made = imported(PROTOGEN)
    assert classes(made.prompt) == [
        "CheckpointLoaderSimple", "EaselNoiseSource", "CLIPTextEncodeA1111", "CLIPTextEncodeA1111", "EmptyLatentImage",
        "KSampler", "VAEDecode", "SaveImage",
    ]  # fmt: skip
    assert inputs(made.prompt, "KSampler") == {
        "seed": 1441787169, "steps": 20, "cfg": 12.0, "sampler_name": "euler_ancestral", "scheduler": "normal",
        "denoise": 1.0,
    }  # fmt: skip
    assert inputs(made.prompt, "EmptyLatentImage") == {"width": 512, "height": 512, "batch_size": 1}
    assert inputs(made.prompt, "EaselNoiseSource") == {"source": "A1111", "eta_noise_seed_delta": 0}
    assert inputs(made.prompt, "CheckpointLoaderSimple")["ckpt_name"] == "protogenX34OfficialR_1.safetensors"
    assert made.warnings == ["the checkpoint 'protogenX34OfficialR_1' (hash 60fe2f34) is not in models/checkpoints/"]


def test_the_second_infotext_of_the_documents_has_two_passes():
    prompt = imported(CYBERREALISTIC).prompt
    first, second = inputs(prompt, "KSampler", 0), inputs(prompt, "KSampler", 1)
    same = {"seed": 2529697523, "sampler_name": "dpmpp_2m", "scheduler": "karras"}
    assert first == same | {"steps": 20, "cfg": 4.0, "denoise": 1.0}
    assert second == same | {"steps": 10, "cfg": 7.0, "denoise": 0.6}
    # A1111 cuts 844 × 1267 down to whole latents, where LatentUpscaleBy would round up to 848
    assert inputs(prompt, "LatentUpscale") == {
        "upscale_method": "bilinear", "width": 840, "height": 1264, "crop": "disabled",
    }  # fmt: skip
    texts = [inputs(prompt, "CLIPTextEncodeA1111", place) for place in (0, 1)]
    assert texts == [
        {"text": "portrait of a woman, (messy hair:1.2)", "steps": 20},
        {"text": "tiara", "steps": 20},
    ]


def test_the_third_infotext_of_the_documents(base):
    prompt = imported(DREAMSHAPER).prompt
    assert inputs(prompt, "KSampler") == {
        "seed": 405868469, "steps": 8, "cfg": 1.5, "sampler_name": "dpmpp_2m_sde", "scheduler": "exponential",
        "denoise": 1.0,
    }  # fmt: skip
    assert inputs(prompt, "EmptyLatentImage") == {"width": 832, "height": 1216, "batch_size": 1}
    assert "ConditioningZeroOut" not in classes(prompt)
    # with the model here: of an SDXL model, A1111 takes an empty negative prompt for no prompt at all
    write_model(base / "models/checkpoints/dreamshaperXL_v21TurboDPMSDE.safetensors", "sdxl")
    made = imported(DREAMSHAPER)
    assert "ConditioningZeroOut" in classes(made.prompt)
    assert made.warnings == [
        "dreamshaperXL_v21TurboDPMSDE.safetensors in models/checkpoints/ is not the file that was used: "
        "that one's hash begins with 4496b36d48"
    ]


@pytest.mark.parametrize(
    ("text", "family", "size"),
    [(PROTOGEN, "sd1", (64, 64)), (CYBERREALISTIC, "sd1", (104, 152)), (DREAMSHAPER, "sdxl", (64, 96))],
)
def test_the_infotexts_of_the_documents_run(base, text, family, size):
    fields = parse(text).fields
    write_model(base / f"models/checkpoints/{fields['Model']}.safetensors", family)
    for large, small in (("512x512", "64x64"), ("512x768", "64x96"), ("832x1216", "64x96"), ("Steps: 20", "Steps: 3")):
        text = text.replace(large, small)
    prompt = imported(text).prompt
    with Image.open(run(prompt)) as picture:
        assert picture.size == size


def test_the_workflow_lies_well_and_is_the_prompt(base):
    made = imported(CYBERREALISTIC)
    again = to_prompt(made.workflow, SCHEMAS)
    for id, node in made.prompt.items():
        assert node["inputs"].items() <= again[id]["inputs"].items()
    note = next(node for node in made.workflow["nodes"] if node["type"] == "Note")
    assert note["widgets_values"] == [CYBERREALISTIC]
    rights = {node["id"]: node["pos"][0] for node in made.workflow["nodes"]}
    assert all(rights[source] < rights[target] for _, source, _, target, *_ in made.workflow["links"])


def sha(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_models_are_found_by_hash_under_other_names(base):
    checkpoint = write_model(base / "models/checkpoints/renamed.safetensors", "sd1")
    lora = write_model(base / "models/loras/other.safetensors", "sd2")
    body = lora.read_bytes()
    v3 = hashlib.sha256(body[8 + int.from_bytes(body[:8], "little") :]).hexdigest()
    made = imported(f'a <lora:style:0.7>\n{PLAIN}, Model hash: {sha(checkpoint)[:10]}, Lora hashes: "style: {v3[:12]}"')
    assert inputs(made.prompt, "CheckpointLoaderSimple")["ckpt_name"] == "renamed.safetensors"
    assert inputs(made.prompt, "LoraLoader") == {
        "lora_name": "other.safetensors", "strength_model": 0.7, "strength_clip": 0.7,
    }  # fmt: skip
    assert made.warnings == []


def test_a_name_may_lie_in_a_folder_and_lack_its_ending(base):
    (base / "models/checkpoints/sd").mkdir()
    write_model(base / "models/checkpoints/sd/Tiny.safetensors", "sd1")
    assert inputs(imported(PLAIN).prompt, "CheckpointLoaderSimple")["ckpt_name"] == "sd/Tiny.safetensors"


def test_clip_skip_vae_ensd_and_the_source_of_noise(base):
    (base / "models/vae/nice.pt").write_bytes(b"")
    prompt = imported(f"a\n{PLAIN}, VAE: nice.pt, Clip skip: 2, ENSD: 31337").prompt
    assert inputs(prompt, "CLIPSetLastLayer") == {"stop_at_clip_layer": -2}
    assert inputs(prompt, "EaselNoiseSource")["eta_noise_seed_delta"] == 31337
    (decode,) = [node for node in prompt.values() if node["class_type"] == "VAEDecode"]
    assert prompt[decode["inputs"]["vae"][0]]["inputs"] == {"vae_name": "nice.pt"}
    assert "EaselNoiseSource" not in classes(imported(f"a\n{PLAIN}, RNG: CPU").prompt)


def test_hires_fix_with_a_model_prompts_and_a_sampler_of_its_own(base):
    text = (
        f"a [b:c:0.5]\n{PLAIN}, Denoising strength: 0.4, Hires resize: 96x128, Hires upscaler: Lanczos, "
        'Hires prompt: "d, e", Hires sampler: DPM++ SDE, Hires schedule type: Karras, Hires checkpoint: second'
    )
    made = imported(text)
    second = inputs(made.prompt, "KSampler", 1)
    assert (second["steps"], second["denoise"]) == (4, 0.4)
    assert (second["sampler_name"], second["scheduler"]) == ("dpmpp_sde", "karras")
    assert inputs(made.prompt, "ImageScale") == {
        "upscale_method": "lanczos", "width": 96, "height": 128, "crop": "center",
    }  # fmt: skip
    assert inputs(made.prompt, "CheckpointLoaderSimple", 1)["ckpt_name"] == "second.safetensors"
    assert inputs(made.prompt, "CLIPTextEncodeA1111", 2)["text"] == "d, e"
    assert any("'second'" in warning for warning in made.warnings)


@pytest.mark.parametrize(
    ("made_by", "before"),
    [("", 4), (", Version: v1.10.1", 4), (f", {FORGE}", 4), (", Version: v1.5.2", None),
     (", Version: v1.9.4, Old prompt editing timelines: True", None)],
)  # fmt: skip
def test_changes_of_the_prompt_count_on_through_hires_fix(made_by, before):
    made = imported(f"a [b:c:0.5]\n{PLAIN}, Denoising strength: 0.4, Hires upscale: 2, Hires steps: 3{made_by}")
    first, second = (inputs(made.prompt, "CLIPTextEncodeA1111", place) for place in (0, 2))
    assert "steps_before" not in first
    assert (second["steps"], second.get("steps_before")) == (3, before)
    assert not [one for one in made.warnings if "not carried over" in one]


def test_options_that_there_are_nodes_for(base):
    (base / "models/upscale_models/RealESRGAN_x4plus.pth").write_bytes(b"")
    made = imported(FULL_OF_FIELDS)
    assert inputs(made.prompt, "TomePatchModel") == {"ratio": 0.4}
    assert inputs(made.prompt, "UpscaleModelLoader") == {"model_name": "RealESRGAN_x4plus.pth"}
    last = [node for node in made.prompt.values() if node["class_type"] == "VAEDecode"][-1]
    assert made.prompt[last["inputs"]["vae"][0]]["class_type"] == "MakeCircularVAE"
    assert "SeamlessTile" in classes(made.prompt)
    assert [warning.split(" is not in")[0] for warning in made.warnings] == [
        "the infotext names no model; choose one in the loader",
        "the LoRA 'ink' (hash 9e7b1f3d0c55)",
        "the VAE 'vae-ft-mse.safetensors' (hash 735e4c3a44)",
        "the checkpoint's own VAE stands in for vae-ft-mse.safetensors",
        "the embedding 'EasyNegative'",
        "not carried over: Dynamic thresholding, Mimic scale; the note on the canvas has what they said",
    ]


def test_where_there_are_no_nodes_for_options_they_are_told():
    few = {name: one for name, one in SCHEMAS.items() if name not in ("SeamlessTile", "TomePatchModel")}
    made = import_text(FULL_OF_FIELDS, few, folders.current())
    assert {"Tiling", "Token merging"} <= {warning.split(" is left out")[0] for warning in made.warnings}


@pytest.mark.timeout(60)
@pytest.mark.parametrize("piece", [" ", "[", "[:", ":", "<a:b>", "a AND "])
def test_no_field_takes_long(piece):
    long = json.dumps(f"x{piece * 20_000}y")
    hires = f"Denoising strength: 0.4, Hires upscale: 2, Hires prompt: {long}, Hires checkpoint: {long}"
    assert imported(f"{piece * 20_000}\n{PLAIN}, Refiner: {long}, VAE: {long}, {hires}").prompt


def test_a_refiner_takes_the_end_of_the_run(base):
    prompt = imported(f"a\n{PLAIN}, Refiner: finer [0123456789], Refiner switch at: 0.5").prompt
    base_run, refined = inputs(prompt, "KSamplerAdvanced", 0), inputs(prompt, "KSamplerAdvanced", 1)
    assert (base_run["start_at_step"], base_run["end_at_step"], base_run["add_noise"]) == (0, 2, "enable")
    assert (refined["start_at_step"], refined["add_noise"]) == (2, "disable")
    assert inputs(prompt, "CheckpointLoaderSimple", 1)["ckpt_name"] == "finer.safetensors"


def test_and_adds_up_what_each_prompt_wants(base):
    """uncond + cfg Σ w (cond - uncond), as A1111 defines it, measured on one Euler step, whose result is what the
    guided model said."""
    write_model(base / "models/checkpoints/tiny.safetensors", "sd1")

    def latent(prompt, cfg):
        text = PLAIN.replace("Steps: 4", "Steps: 1").replace("CFG scale: 3", f"CFG scale: {cfg}")
        graph = imported(f"{prompt}\nNegative prompt: night\n{text}").prompt
        graph = {id: node for id, node in graph.items() if node["class_type"] not in ("VAEDecode", "SaveImage")}
        return _value_of(graph, "KSampler")["samples"]

    cat, dog, both = latent("a cat", 1), latent("a dog", 1), latent("a cat AND a dog :0.5", 3)
    night = 2 * latent("a cat", 1) - latent("a cat", 2)  # at 2: 2 cat - night
    wanted = night + 3 * (1.0 * (cat - night) + 0.5 * (dog - night))
    assert (both - wanted).abs().max() < 1e-4 * wanted.abs().max()


def _value_of(graph, class_type):
    """Call the nodes of a prompt as functions; the first result of the node of a class."""
    values = {}
    with torch.no_grad():
        for id, node in graph.items():
            given = {
                name: values[value[0]][value[1]] if isinstance(value, list) else value
                for name, value in node["inputs"].items()
            }
            result = NODES[node["class_type"]](**given)
            values[id] = result if isinstance(result, tuple) else (result,)
    return next(values[id][0] for id, node in graph.items() if node["class_type"] == class_type)


def test_variation_seeds_and_seed_resize():
    prompt = imported(
        f"a\n{PLAIN}, Variation seed: 9, Variation seed strength: 0.15, Seed resize from: 512x768, ENSD: 1"
    ).prompt
    assert inputs(prompt, "EaselVariationSeed") == {
        "variation_seed": 9, "strength": 0.15, "resize_from_width": 512, "resize_from_height": 768,
    }  # fmt: skip
    sampler = next(node for node in prompt.values() if node["class_type"] == "KSampler")
    varied = prompt[sampler["inputs"]["model"][0]]
    assert varied["class_type"] == "EaselVariationSeed"
    assert prompt[varied["inputs"]["model"][0]]["class_type"] == "EaselNoiseSource"
    assert "EaselVariationSeed" not in classes(imported(f"a\n{PLAIN}, Variation seed: 9").prompt)


def test_what_cannot_be_carried_is_told(base):
    made = imported(
        f"a <foo:bar:1>\nNegative prompt: b <lora:c:1>\n{PLAIN}, ADetailer model: face.pt, ADetailer version: 1, "
        "Face restoration: GFPGAN, Denoising strength: 0.5, Eta: 0"
    )
    said = " | ".join(made.warnings)
    assert "not carried over: ADetailer, Face restoration;" in said
    assert "<foo:bar>" in said
    assert "tags in the negative prompt do nothing: c" in said
    assert "made from another picture" in said


def test_a_seed_beyond_64_bits_and_numbers_that_are_none_do_no_harm():
    prompt = imported(f"a\nSteps: 0, Sampler: ?, CFG scale: nan, Seed: {2**64 + 7}, Size: 0x-3, Clip skip: x").prompt
    assert inputs(prompt, "KSampler")["seed"] == 7
    assert inputs(prompt, "KSampler")["cfg"] == 7
    assert inputs(prompt, "KSampler")["steps"] == 1
    assert inputs(prompt, "EmptyLatentImage")["width"] == 512
