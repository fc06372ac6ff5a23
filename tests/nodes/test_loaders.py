"""Nodes that open weight files: what they offer, what they open, what they say, and when they open it again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file

from comfy_core import progress
from comfy_core.folders import Folders
from comfy_core.patcher import ModelPatcher
from comfy_core.text.clip import CLIP
from comfy_core.vae import VAE
from nodes.loaders import checkpoint_loader, checkpoint_loader_simple, vae_loader
from nodes.part_loaders import clip_loader, diffusers_loader, dual_clip_loader, unet_loader
from nodes.schema import choices
from tests.tiny_models import MODELS, UNET, model_tensors, write_model


class Texts:
    """Hears the lines of text that a node shows under itself."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def report(self, *args: Any, **kwargs: Any) -> None: ...
    def send(self, kind: str, data: Any) -> None: ...

    def interrupted(self) -> bool:
        return False

    def text(self, text: str, node_id: str | None = None) -> None:
        self.lines.append(text)


def folder(base: Folders, kind: str) -> Path:
    path = base.base / "models" / kind
    path.mkdir(parents=True, exist_ok=True)
    return path


def offered(node: Any, name: str, base: Folders) -> list[str]:
    return choices(node.schema.input(name), base.files)


def write_part(path: Path, name: str, prefix: str) -> None:
    part = {key.removeprefix(prefix): one for key, one in model_tensors(name).items() if key.startswith(prefix)}
    save_file(part, path)


def test_a_checkpoint_says_under_the_node_what_it_is(base: Folders):
    write_model(folder(base, "checkpoints") / "x.safetensors", "sd2_v")
    heard = Texts()
    with progress.listen(heard):
        model, clip, vae = checkpoint_loader_simple("x.safetensors")
    assert (type(model), type(clip), type(vae)) == (ModelPatcher, CLIP, VAE)
    assert heard.lines[0].startswith("Stable Diffusion 2.x: predicts velocity: guessed")


def test_a_config_says_what_the_checkpoint_predicts(base: Folders):
    write_model(folder(base, "checkpoints") / "x.safetensors", "sd2_v")
    assert {"v1-inference.yaml", "v2-inference-v.yaml"} <= set(offered(checkpoint_loader, "config_name", base))
    heard = Texts()
    with progress.listen(heard):
        checkpoint_loader("v2-inference.yaml", "x.safetensors")
    assert heard.lines == ["Stable Diffusion 2.x: predicts noise: says its YAML"]


def test_a_checkpoint_is_opened_again_when_it_or_its_yaml_changes(base: Folders):
    path = write_model(folder(base, "checkpoints") / "x.safetensors", "sd1")
    fingerprint = checkpoint_loader_simple.hooks["fingerprint"]
    before = fingerprint("x.safetensors", weights="auto")
    assert fingerprint("x.safetensors") == before
    path.with_suffix(".yaml").write_text("model: {params: {use_ema: true}}")
    assert fingerprint("x.safetensors") != before


def test_a_unet_is_offered_and_opened(base: Folders):
    write_part(folder(base, "diffusion_models") / "unet.safetensors", "sdxl", UNET)
    assert offered(unet_loader, "unet_name", base) == ["unet.safetensors"]
    usual, small = (unet_loader("unet.safetensors", dtype) for dtype in ("default", "fp8_e4m3fn_fast"))
    assert usual.model_size() > 3 * small.model_size()


def test_text_encoders_are_offered_and_opened(base: Folders):
    for name, text in zip(("l", "g"), MODELS["sdxl"].texts, strict=True):
        write_part(folder(base, "text_encoders") / f"{name}.safetensors", "sdxl", text.prefix)
    assert offered(clip_loader, "clip_name", base) == ["g.safetensors", "l.safetensors"]
    one = clip_loader("l.safetensors", "stable_diffusion", device="cpu")
    assert one.patcher.load_device == torch.device("cpu")
    assert set(one.tokenize("a")) == {"l"}
    assert set(dual_clip_loader("g.safetensors", "l.safetensors", "sdxl").tokenize("a")) == {"l", "g"}


def test_pipelines_of_diffusers_are_offered(base: Folders):
    place = folder(base, "diffusers") / "mine" / "pipeline"
    place.mkdir(parents=True)
    (place / "model_index.json").write_text("{}")
    assert offered(diffusers_loader, "model_path", base) == ["mine/pipeline"]
    with pytest.raises(Exception, match="pipeline has no weights in unet/"):
        diffusers_loader("mine/pipeline")
    with pytest.raises(FileNotFoundError, match="'other' is not in models/diffusers/; pick one of: mine/pipeline"):
        diffusers_loader("other")


def test_pixel_space_is_always_among_the_vaes(base: Folders):
    assert offered(vae_loader, "vae_name", base) == ["pixel_space"]
    assert vae_loader("pixel_space").downscale_ratio == 1
    assert vae_loader.hooks["fingerprint"]("pixel_space") == []
