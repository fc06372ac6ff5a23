"""The recipe in a picture names everything it depends on besides the graph."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest
import torch
from PIL import Image

from comfy_core import file_hash
from comfy_core.folders import Folders
from comfy_core.media import metadata
from execution.load_nodes import load_nodes
from nodes.images import preview_image, save_image
from nodes.recipe import files_of, recipe

PROMPT = {
    "4": {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": "tiny.safetensors"}},
    "3": {"class_type": "KSampler", "inputs": {"seed": 7, "steps": 2, "model": ["4", 0]}},
    "5": {"class_type": "KSamplerAdvanced", "inputs": {"noise_seed": ["3", 0]}},
    "6": {"class_type": "PackLoader", "inputs": {"which": "style.safetensors", "strength": 1.0}},
    "7": {"class_type": "LoadImage", "inputs": {"image": "cat.png"}},
    "8": {"class_type": "CLIPTextEncode", "inputs": {"text": "a cat.png in ../../etc/passwd.safetensors"}},
}
IMAGE = torch.zeros(1, 8, 8, 3)


@pytest.fixture(autouse=True, scope="module")
def loaded() -> None:
    load_nodes()


@pytest.fixture
def files(base: Folders) -> Folders:
    (base.base / "models" / "loras" / "style.safetensors").write_bytes(b"style")
    Image.new("RGB", (2, 2)).save(base.input / "cat.png")
    return base


def sha256(path: Path) -> str:
    return f"sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}"


def test_a_recipe_has_the_hashes_of_models_and_input_files_whoever_opens_them(files: Folders):
    models = files.base / "models"
    assert recipe(PROMPT)["files"] == {
        "checkpoints/tiny.safetensors": sha256(models / "checkpoints" / "tiny.safetensors"),
        "loras/style.safetensors": sha256(models / "loras" / "style.safetensors"),
        "input/cat.png": sha256(files.input / "cat.png"),
    }


def test_a_pipeline_of_diffusers_is_the_weights_in_its_folder(base: Folders):
    unet = base.base / "models" / "diffusers" / "sd" / "unet" / "model.safetensors"
    unet.parent.mkdir(parents=True)
    unet.write_bytes(b"weights")
    (unet.parents[1] / "model_index.json").write_text("{}")
    prompt = {"1": {"class_type": "DiffusersLoader", "inputs": {"model_path": "sd"}}}
    assert recipe(prompt)["files"] == {"diffusers/sd/unet/model.safetensors": sha256(unet)}


def test_embeddings_that_a_text_names_are_among_the_files(base: Folders):
    path = base.base / "models" / "embeddings" / "sub" / "moody.pt"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"vectors")
    texts = {"1": {"class_type": "CLIPTextEncode", "inputs": {"text": "(embedding:sub/moody:1.2), embedding:none"}}}
    assert recipe(texts)["files"] == {"embeddings/sub/moody.pt": sha256(path)}


def test_it_has_the_seeds_and_what_computed_it(files: Folders):
    made = recipe(PROMPT)
    retitled = recipe({id: node | {"_meta": {"title": "mine"}} for id, node in PROMPT.items()})
    changed = recipe(PROMPT | {"8": {"class_type": "CLIPTextEncode", "inputs": {"text": "a dog"}}})
    assert made["nodes"] == retitled["nodes"]
    assert [id for id in PROMPT if made["nodes"][id] != changed["nodes"][id]] == ["8"]
    assert made["seeds"] == {"3.seed": 7}
    machine = made["machine"]
    assert machine["torch"] == torch.__version__
    assert machine["threads"] == torch.get_num_threads()
    assert machine["network_dtype"] == "float32"
    assert {"easel", "python", "av", "pillow", "processors", "device", "device_name", "vae_dtype"} < machine.keys()


def test_missing_files_and_prompts_of_any_shape_are_no_error(base: Folders):
    assert files_of(PROMPT).keys() == {"checkpoints/tiny.safetensors"}
    for odd in ({"1": {}}, {"1": {"inputs": None}}, {"1": []}, {"1": {"class_type": ["x"], "inputs": {"a": "b.ckpt"}}}):
        assert recipe(odd)["files"] == {}


@pytest.mark.parametrize("save", [save_image, preview_image])
def test_saved_pictures_carry_it(files: Folders, save):
    (entry,) = save(images=IMAGE, prompt=PROMPT, extra_pnginfo={"workflow": {"a": 1}})["ui"]["images"]
    texts = Image.open(files.of_type(entry["type"]) / entry["filename"]).info
    assert json.loads(texts["prompt"]) == PROMPT
    assert json.loads(texts["workflow"]) == {"a": 1}
    assert json.loads(texts["easel_recipe"]) == recipe(PROMPT)


def test_nothing_is_told_where_that_is_not_wanted(files: Folders):
    metadata.configure(wanted=False)
    try:
        (entry,) = save_image(images=IMAGE, prompt=PROMPT, extra_pnginfo={"workflow": {}})["ui"]["images"]
    finally:
        metadata.configure(wanted=True)
    assert Image.open(files.output / entry["filename"]).info == {}


def test_a_changed_file_is_hashed_anew_and_others_are_remembered(base: Folders, monkeypatch: pytest.MonkeyPatch):
    path = base.base / "a.safetensors"
    path.write_bytes(b"first")
    first = file_hash.file_hash(path)
    read = json.loads((base.user / "hashes.json").read_text())
    assert read[str(path)][2] == first == sha256(path)
    monkeypatch.setattr(file_hash, "_hashes", {})
    monkeypatch.setattr(file_hash, "_hash", lambda path, size: "computed")
    assert file_hash.file_hash(path) == first
    path.write_bytes(b"second!")
    assert file_hash.file_hash(path) == "computed"


def test_a_damaged_memory_of_hashes_costs_nothing_but_time(base: Folders):
    base.user.mkdir()
    (base.user / "hashes.json").write_text("[1, 2")
    (base.base / "a").write_bytes(b"a")
    assert file_hash.file_hash(base.base / "a") == sha256(base.base / "a")


def test_a_large_file_is_hashed_by_samples_as_documented(base: Folders):
    """A sparse file of 3 GiB with something at its ends and in the middle."""
    mib, size = 1 << 20, 3 << 30
    path = base.base / "large.safetensors"
    with path.open("wb") as file:
        file.truncate(size)
        for at, text in ((0, b"head"), (31 * (size - mib) // 63, b"middle"), (size - 4, b"tail")):
            file.seek(at)
            file.write(text)
    blocks = [b"head".ljust(mib, b"\0"), *[bytes(mib)] * 30, b"middle".ljust(mib, b"\0"), *[bytes(mib)] * 31]
    whole = hashlib.sha256(str(size).encode() + b"".join([*blocks, b"tail".rjust(mib, b"\0")]))
    assert file_hash.file_hash(path) == f"sampled-sha256:{whole.hexdigest()}"
