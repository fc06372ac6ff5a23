"""What LoRA files call the modules of U-Nets and text encoders: each trainer's names, to the names of our weights.

Names joined with `_` cannot be taken apart again, so that every name a module may have is written down beforehand.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from torch import Tensor

UNET = "diffusion_model."
UNET_DOTTED = ("", "unet.", UNET, "model.diffusion_model.", "base_model.model.", "unet.base_model.model.")
UNET_JOINED = ("lora_unet_", "lycoris_")
FOR_TEXT = ("lora_te", "text_encoder", "clip_")


def unet_names(weights: Iterable[str]) -> dict[str, str]:
    """The weight of each module of a U-Net, by all names that files have for the module."""
    own = {_module(key) for key in weights if key.startswith(UNET) and key.endswith(".weight")}
    paths = [(path, path) for path in own] + [(new, old) for new, old in diffusers_unet(own).items() if old in own]
    names: dict[str, str] = {}
    for path, module in paths:
        bare = path.removeprefix(UNET)
        names |= dict.fromkeys((prefix + bare for prefix in UNET_DOTTED), module + ".weight")
        names |= dict.fromkeys((prefix + bare.replace(".", "_") for prefix in UNET_JOINED), module + ".weight")
    return names


def text_names(weights: Mapping[str, Tensor]) -> dict[str, str]:
    """The weight of each module of a model's text encoders, by all names that files have for the module.

    The encoders are counted: CLIP-L, or a model's only one, is the first.
    """
    letters = list(dict.fromkeys(key.split(".")[0] for key in weights if key.startswith("clip_")))
    names: dict[str, str] = {}
    for key in weights:
        encoder, _, path = _module(key).partition(".")
        if encoder not in letters or not key.endswith(".weight"):
            continue
        dotted, joined = _text_prefixes(encoder, first=encoder == letters[0], alone=len(letters) == 1)
        for inner in (path, f"text_model.{path}", *_old_text_names(path)):
            names |= dict.fromkeys((prefix + inner for prefix in dotted), key)
            names |= dict.fromkeys((prefix + inner.replace(".", "_") for prefix in joined), key)
    return names


def _text_prefixes(encoder: str, first: bool, alone: bool) -> tuple[list[str], list[str]]:
    dotted = [f"{encoder}.", f"text_encoders.{encoder}.", f"text_encoders.{encoder}.transformer."]
    joined = []
    if first:
        dotted += ["text_encoder.", "text_encoder.base_model.model."]
        joined += ["lora_te_", "lora_te1_"]
    if not first or (alone and encoder == "clip_g"):
        dotted += ["text_encoder_2.", "text_encoder_2.base_model.model."]
        joined += ["lora_te2_"]
    return dotted, joined


def _old_text_names(path: str) -> list[str]:
    """What diffusers called the projections of attention while they had LoRA classes of their own."""
    before, found, projection = path.rpartition(".self_attn.")
    old = {"q_proj": "to_q", "k_proj": "to_k", "v_proj": "to_v", "out_proj": "to_out"}.get(projection)
    return [f"text_model.{before}{found}{old}"] if found and old else []


def diffusers_unet(modules: set[str]) -> dict[str, str]:
    """diffusers' names of a U-Net's modules: `down_blocks.0.resnets.0.conv1` for `input_blocks.1.0.in_layers.2` …

    Both count the same blocks; diffusers by level and kind, latent diffusion in one row.
    """
    inside: dict[str, list[str]] = {}
    for module in modules:
        path = module.removeprefix(UNET).split(".")
        for length in range(2, min(len(path), 3) + 1):
            inside.setdefault(".".join(path[:length]), []).append(module)
    names: dict[str, str] = {}
    for new, old in _block_names({module.removeprefix(UNET) for module in modules}):
        for module in inside.get(old, ()):
            names[UNET + new + _inner(module.removeprefix(UNET)[len(old) :])] = module
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
ENDS = [
    ("time_embedding.linear_1", "time_embed.0"),
    ("time_embedding.linear_2", "time_embed.2"),
    ("time_embedding.cond_proj", "time_embed.cond_proj"),
    ("add_embedding.linear_1", "label_emb.0.0"),
    ("add_embedding.linear_2", "label_emb.0.2"),
    ("conv_in", "input_blocks.0.0"),
    ("conv_norm_out", "out.0"),
    ("conv_out", "out.2"),
    ("mid_block.resnets.0", "middle_block.0"),
]


def _inner(path: str) -> str:
    return INNER.get(path, path)


def _block_names(paths: set[str]) -> list[tuple[str, str]]:
    """(diffusers' block, our block) for every resnet, transformer and resampler."""
    return ENDS + _middle(paths) + _down(paths) + _up(paths)


def _middle(paths: set[str]) -> list[tuple[str, str]]:
    if "middle_block.1.norm" in paths:
        return [("mid_block.attentions.0", "middle_block.1"), ("mid_block.resnets.1", "middle_block.2")]
    return [("mid_block.resnets.1", "middle_block.1")]


def _down(paths: set[str]) -> list[tuple[str, str]]:
    pairs = []
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
    return pairs


def _up(paths: set[str]) -> list[tuple[str, str]]:
    pairs = []
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


def _module(key: str) -> str:
    return key.removesuffix(".weight")
