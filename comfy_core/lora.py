"""LoRA: small matrices that change a model's weights (Hu et al. 2021, https://arxiv.org/abs/2106.09685).

    W' = W + strength * alpha / rank * up @ down

Files of kohya's scripts (`lora_unet_…`, `lora_te_…`), of diffusers and PEFT (`unet.…`, `text_encoder.…`) and those with
the model's own names are read; a convolution's matrices are convolutions.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass

from torch import Tensor

from comfy_core.patcher import ModelPatcher
from comfy_core.text.clip import CLIP
from comfy_core.weights import Weights, WeightsError

log = logging.getLogger(__name__)
STYLES = (
    (".lora_up.weight", ".lora_down.weight"),
    (".lora_B.weight", ".lora_A.weight"),
    (".lora_B.default.weight", ".lora_A.default.weight"),
    (".lora.up.weight", ".lora.down.weight"),
    ("_lora.up.weight", "_lora.down.weight"),
    (".lora_linear_layer.up.weight", ".lora_linear_layer.down.weight"),
)
FOR_TEXT = ("lora_te", "text_encoder")
MID = ".lora_mid.weight"
ALPHA = ".alpha"


@dataclass(frozen=True)
class LoraPatch:
    """The recipe for one weight. `up` [out, rank, ...], `down` [rank, in, ...], `mid` [rank, rank, kh, kw] for CP
    decomposed convolutions (LyCORIS, https://arxiv.org/abs/2309.14859); `alpha` None means alpha = rank."""

    up: Tensor
    down: Tensor
    alpha: float | None = None
    mid: Tensor | None = None

    @property
    def scale(self) -> float:
        return 1.0 if self.alpha is None else self.alpha / self.down.shape[0]

    def difference(self, weight: Tensor) -> Tensor:
        """alpha / rank * up @ down, in the shape of `weight`."""
        up, down = (one.to(weight.device, weight.dtype) for one in (self.up, self.down))
        if self.mid is not None:
            mid = self.mid.to(weight.device, weight.dtype)
            down = (mid.flatten(2).transpose(0, 2).transpose(1, 2) @ down.flatten(1)).permute(1, 2, 0)
        product = up.flatten(1) @ down.reshape(down.shape[0], -1)
        return product.reshape(weight.shape) * self.scale

    def apply(self, weight: Tensor, strength: float) -> Tensor:
        return weight + strength * self.difference(weight)


def load_lora_for_models(
    model: ModelPatcher | None, clip: CLIP | None, lora: Weights, strength_model: float, strength_clip: float
) -> tuple[ModelPatcher | None, CLIP | None]:
    """Clones of a model and its text encoder with a LoRA on them. A strength of 0 leaves that one as it is.

    Names in the file that fit neither are listed in one warning. Raises WeightsError when the file is not a LoRA.
    """
    places: dict[str, str] = {}
    if model is not None:
        places |= unet_names(model.source)
    if clip is not None:
        places |= text_names(clip.patcher.source)
    patches, unknown = read_lora(lora, places)
    if clip is None:
        unknown = [name for name in unknown if not name.startswith(FOR_TEXT)]
    if unknown:
        log.warning("%s: %d names fit nothing here and are left out: %s", _file(lora), len(unknown), _some(unknown))
    if model is not None and strength_model:
        model = model.clone()
        model.add_patches(patches, strength_model)
    if clip is not None and strength_clip:
        clip = clip.clone()
        clip.add_patches(patches, strength_clip)
    return model, clip


def read_lora(lora: Weights, places: Mapping[str, str]) -> tuple[dict[str, LoraPatch], list[str]]:
    """The patches of a LoRA by weight name, and the file's names that `places` does not know.

    `places` maps a module's name in files to the weight's name in our model. Raises WeightsError when nothing in the
    file is a pair of LoRA matrices.
    """
    patches: dict[str, LoraPatch] = {}
    used: set[str] = set()
    modules = _modules(lora)
    if not modules:
        raise WeightsError(f"{_file(lora)} holds no LoRA: none of its {len(lora)} tensors is a pair of its matrices.")
    for module, (up, down) in modules.items():
        key = places.get(module) or places.get(_plain(module))
        names = {up, down, module + ALPHA, module + MID}
        if key is None:
            continue
        used |= names
        patches[key] = LoraPatch(
            lora[up],
            lora[down],
            alpha=float(lora[module + ALPHA]) if module + ALPHA in lora else None,
            mid=lora.get(module + MID),
        )
    return patches, [name for name in lora if name not in used]


def unet_names(weights: Mapping[str, Tensor]) -> dict[str, str]:
    """What files call the modules of a U-Net: kohya's names, diffusers' names, and the model's own."""
    names: dict[str, str] = {}
    own = {_module(key) for key in weights if key.startswith("diffusion_model.") and key.endswith(".weight")}
    paths = {path: path for path in own} | {new: old for new, old in diffusers_unet(own).items() if old in own}
    for path, module in paths.items():
        bare = path.removeprefix("diffusion_model.")
        key = module + ".weight"
        names |= {path: key, bare: key, f"unet.{bare}": key, f"base_model.model.{bare}": key}
        names["lora_unet_" + bare.replace(".", "_")] = key
        names["lycoris_" + bare.replace(".", "_")] = key
    return names


def text_names(weights: Mapping[str, Tensor]) -> dict[str, str]:
    """What files call the modules of a CLIP-L text encoder."""
    names: dict[str, str] = {}
    for key in weights:
        if key.startswith("clip_l.") and key.endswith(".weight"):
            path = _module(key).removeprefix("clip_l.")
            joined = path.replace(".", "_")
            names |= {
                f"text_encoder.text_model.{path}": key,
                f"text_encoder.{path}": key,
                f"text_encoders.clip_l.{path}": key,
            }
            names |= {f"lora_te_text_model_{joined}": key, f"lora_te1_text_model_{joined}": key}
    return names


def diffusers_unet(modules: set[str]) -> dict[str, str]:
    """diffusers' names of a U-Net's modules: `down_blocks.0.resnets.0.conv1` for `input_blocks.1.0.in_layers.2` …

    Both count the same blocks; diffusers by level and kind, latent diffusion in one row.
    """
    prefix = "diffusion_model."
    names: dict[str, str] = {}
    for new, old in _block_names({module.removeprefix(prefix) for module in modules}):
        for module in modules:
            path = module.removeprefix(prefix)
            if path == old or path.startswith(old + "."):
                names[prefix + new + _inner(path[len(old) :])] = module
    return names


INNER = {
    ".in_layers.0": ".norm1",
    ".in_layers.2": ".conv1",
    ".emb_layers.1": ".time_emb_proj",
    ".out_layers.0": ".norm2",
    ".out_layers.3": ".conv2",
    ".skip_connection": ".conv_shortcut",
    ".op": ".conv",
}


def _inner(path: str) -> str:
    return INNER.get(path, path)


def _block_names(paths: set[str]) -> list[tuple[str, str]]:
    """(diffusers' block, our block) for every resnet, transformer and resampler."""
    pairs = [
        ("time_embedding.linear_1", "time_embed.0"),
        ("time_embedding.linear_2", "time_embed.2"),
        ("conv_in", "input_blocks.0.0"),
        ("conv_norm_out", "out.0"),
        ("conv_out", "out.2"),
        ("mid_block.resnets.0", "middle_block.0"),
        ("mid_block.attentions.0", "middle_block.1"),
        ("mid_block.resnets.1", "middle_block.2"),
    ]
    level = block = 0
    for number in range(1, _rows(paths, "input_blocks")):
        row = f"input_blocks.{number}"
        if f"{row}.0.op" in paths:
            pairs.append((f"down_blocks.{level}.downsamplers.0", f"{row}.0"))
            level, block = level + 1, 0
        else:
            pairs.append((f"down_blocks.{level}.resnets.{block}", f"{row}.0"))
            pairs.append((f"down_blocks.{level}.attentions.{block}", f"{row}.1"))
            block += 1
    level = block = 0
    for number in range(_rows(paths, "output_blocks")):
        row = f"output_blocks.{number}"
        pairs.append((f"up_blocks.{level}.resnets.{block}", f"{row}.0"))
        block += 1
        resampler = next((place for place in (1, 2) if f"{row}.{place}.conv" in paths), None)
        if resampler != 1:
            pairs.append((f"up_blocks.{level}.attentions.{block - 1}", f"{row}.1"))
        if resampler is not None:
            pairs.append((f"up_blocks.{level}.upsamplers.0", f"{row}.{resampler}"))
            level, block = level + 1, 0
    return pairs


def _rows(paths: set[str], kind: str) -> int:
    return 1 + max((int(path.split(".")[1]) for path in paths if path.startswith(kind + ".")), default=-1)


def _modules(lora: Weights) -> dict[str, tuple[str, str]]:
    """Each changed module's name in the file, with the names of its up and down matrices."""
    found = {}
    for name in lora:
        for up, down in STYLES:
            if name.endswith(up) and name.removesuffix(up) + down in lora:
                found[name.removesuffix(up)] = (name, name.removesuffix(up) + down)
                break
    return found


def _plain(module: str) -> str:
    """A module's name without what old diffusers and PEFT put into it."""
    module = module.replace(".processor.", ".").replace("unet.base_model.model.", "unet.")
    return module + ".0" if module.endswith(".to_out") else module


def _module(key: str) -> str:
    return key.removesuffix(".weight")


def _file(lora: Weights) -> str:
    return lora.path.name if lora.path else "the LoRA"


def _some(names: list[str]) -> str:
    return ", ".join(names[:8]) + (", …" if len(names) > 8 else "")
