"""Pictures and texts of A1111's web UI and its kin as graphs; the three infotexts of the user's documents first."""

import hashlib
import json
from pathlib import Path

import pytest
import torch
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from comfy_core import folders
from comfy_core.folders import Folders
from comfy_core.infotext import parse
from comfy_core.memory import residency
from execution.cache.memory import RamCache
from execution.convert import to_prompt
from execution.events import ExecutionError
from execution.executor import Executor
from execution.infotext import import_picture, import_text
from execution.load_nodes import load_nodes
from execution.validate import validate
from execution.worker import Job
from tests.tiny_control import write_control
from tests.tiny_models import write_model

NODES = load_nodes()
SCHEMAS = {name: node.schema for name, node in NODES.items()}
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
PLAIN = "Steps: 4, Sampler: Euler, CFG scale: 3, Seed: 5, Size: 64x64, Model: tiny"


@pytest.fixture(autouse=True)
def base(tmp_path):
    before = folders.current()
    folders.use(Folders(tmp_path))
    for kind in ("checkpoints", "loras", "vae", "upscale_models"):
        (tmp_path / "models" / kind).mkdir(parents=True)
    yield tmp_path
    residency.free_all()
    folders.use(before)


def imported(text):
    return import_text(text, SCHEMAS, folders.current())


def inputs(prompt, class_type, place=0):
    """The literal inputs of the n-th node of a class."""
    found = [node["inputs"] for node in prompt.values() if node["class_type"] == class_type]
    return {name: value for name, value in found[place].items() if not isinstance(value, list)}


def classes(prompt):
    return [node["class_type"] for node in prompt.values()]


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


def run(prompt):
    """Run a prompt; the picture it saved."""
    accepted = validate(prompt, SCHEMAS, folders.current(), nodes=NODES)
    assert accepted.outputs, accepted
    assert not accepted.node_errors, accepted
    events = []
    executor = Executor(NODES, RamCache(1 << 28), around=torch.no_grad)
    executor.run(Job(prompt_id="1", prompt=accepted.prompt, outputs=accepted.outputs), events.append)
    assert not [event.exception_message for event in events if isinstance(event, ExecutionError)]
    (path,) = folders.current().output.glob("*.png")
    return path


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
    assert [one for one in made.warnings if warns in one]
    with Image.open(run(made.prompt)) as picture:
        assert picture.size == (64, 64)


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


# --- pictures -------------------------------------------------------------------------------------------------------


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
