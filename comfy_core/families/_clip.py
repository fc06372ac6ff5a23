"""The CLIP text encoders of the Stable Diffusion families: L (OpenAI), H and bigG (OpenCLIP), one or two to a model.

Their files have the layout of `transformers` or that of OpenCLIP, which packs the projections of attention into one.
Radford et al. 2021, https://arxiv.org/abs/2103.00020; Cherti et al. 2022 (OpenCLIP), https://arxiv.org/abs/2212.07143.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn

from comfy_core.families._ldm import build, file_name, patcher_of
from comfy_core.families._views import View, joined, part, transposed, viewed
from comfy_core.memory import devices
from comfy_core.networks.clip_text import ClipText, ClipTextDims
from comfy_core.text.clip import CLIP, Tokens
from comfy_core.text.embeddings import find_embedding
from comfy_core.text.encode import encode_chunks
from comfy_core.text.prompt import Chunk, chunks, words
from comfy_core.text.tokenizer import END, clip_tokens
from comfy_core.weights import Weights, WeightsError

LAYERS_OF_H = 24


@dataclass(frozen=True)
class Kind:
    """How a model uses an encoder: `layer` counts from the end, `normed` says whether the final norm is applied to it.

    `pad` fills a prompt up; OpenCLIP was trained with 0. `projected` takes the pooled vector through the projection.
    `missing` layers were left out of the file at the end, and count all the same.
    """

    letter: str
    activation: str = "gelu"
    pad: int = 0
    layer: int = -2
    normed: bool = False
    projected: bool = True
    missing: int = 0


SD1_L = Kind("l", activation="quick_gelu", pad=END, layer=-1, normed=True, projected=False)
SD2_H = Kind("h", normed=True)
SDXL_L = Kind("l", activation="quick_gelu", pad=END, projected=False)
SDXL_G = Kind("g")


def load_clip(encoders: Mapping[Kind, Weights], device: torch.device | None = None) -> CLIP:
    """A CLIP of one encoder or two, each from its own table without prefix, in either layout.

    Raises WeightsError when one is not whole.
    """
    tables = {kind: transformers_layout(table) for kind, table in encoders.items()}
    dims = {_whole(kind, table): text_dims(table, kind) for kind, table in tables.items()}
    first = next(iter(tables.values()))
    network = build(TextEncoders, dims, "text encoder", first)
    together = joined({f"clip_{kind.letter}.": table for kind, table in tables.items()})
    device = device or devices.compute_device()
    return CLIP(patcher_of(network, together, devices.text_dtype(device), "text encoder", device))


def _whole(kind: Kind, text: Weights) -> Kind:
    """The kind, as it counts layers: some files of ViT-H come without the last one, which is not used."""
    return replace(kind, missing=1) if kind == SD2_H and layer_count(text) == LAYERS_OF_H - 1 else kind


class TextEncoders(nn.Module):
    """The encoders by name (`clip_l`, `clip_g` …). Texts lie side by side; the last one's pooled vector counts."""

    def __init__(self, dims: Mapping[Kind, ClipTextDims]) -> None:
        super().__init__()
        self.kinds = tuple(dims)
        self.chunks = {kind.letter: Chunk(length=dims[kind].positions, pad=kind.pad) for kind in dims}
        for kind, one in dims.items():
            self.add_module(f"clip_{kind.letter}", ClipText(one))

    def encoder(self, kind: Kind) -> ClipText:
        return self.get_submodule(f"clip_{kind.letter}")  # type: ignore[return-value]

    def tokenize(self, text: str) -> Tokens:
        return {kind.letter: self._tokens(text, kind) for kind in self.kinds}

    def _tokens(self, text: str, kind: Kind) -> list:
        name, width = f"clip_{kind.letter}", self.encoder(kind).dims.width
        groups = words(text, clip_tokens, lambda embedding: find_embedding(embedding, name, width))
        return chunks(groups, self.chunks[kind.letter])

    def encode_token_weights(self, tokens: Tokens, layer: int | None) -> tuple[Tensor, Tensor]:
        encoded = [self._encode(tokens, kind, layer) for kind in self.kinds]
        length = min(text.shape[1] for text, _ in encoded)
        return torch.cat([text[:, :length] for text, _ in encoded], dim=-1), encoded[-1][1]

    def _encode(self, tokens: Tokens, kind: Kind, layer: int | None) -> tuple[Tensor, Tensor]:
        if kind.letter not in tokens:
            raise ValueError(f"the prompt was not tokenized for this model's text encoder {kind.letter!r}")
        encoder = self.encoder(kind)
        wanted = min((kind.layer if layer is None else layer) + kind.missing, -1)
        return encode_chunks(encoder, tokens[kind.letter], self.chunks[kind.letter], wanted, last=kind.normed)


def transformers_layout(text: Weights) -> Weights:
    """A text encoder's table under the names of `transformers`, whichever of both layouts it has."""
    text = text.renamed(lambda name: name.removeprefix("text_model."))
    if not text.has_prefix("transformer.resblocks."):
        return text
    views: dict[str, View] = {}
    for name in text:
        views |= _packed(text, name)
    if "text_projection" in text:
        views["text_projection.weight"] = transposed(text, "text_projection")
    return viewed(text, views).renamed(_renamed)


def _packed(text: Weights, name: str) -> dict[str, View]:
    """The query, key and value projections in a packed one."""
    match = re.fullmatch(r"transformer\.resblocks\.(\d+)\.attn\.in_proj_(weight|bias)", name)
    if match is None:
        return {}
    target = f"encoder.layers.{match[1]}.self_attn.{{}}_proj.{match[2]}"
    return {target.format(letter): part(text, name, number, 3) for number, letter in enumerate("qkv")}


NAMES = {
    "token_embedding.weight": "embeddings.token_embedding.weight",
    "positional_embedding": "embeddings.position_embedding.weight",
    "ln_final.weight": "final_layer_norm.weight",
    "ln_final.bias": "final_layer_norm.bias",
}
IN_LAYER = {
    "attn.out_proj": "self_attn.out_proj",
    "ln_1": "layer_norm1",
    "ln_2": "layer_norm2",
    "mlp.c_fc": "mlp.fc1",
    "mlp.c_proj": "mlp.fc2",
}


def _renamed(name: str) -> str:
    match = re.fullmatch(r"transformer\.resblocks\.(\d+)\.(.+)\.(weight|bias)", name)
    if match is not None and match[2] in IN_LAYER:
        return f"encoder.layers.{match[1]}.{IN_LAYER[match[2]]}.{match[3]}"
    return NAMES.get(name, name)


def text_dims(text: Weights, kind: Kind) -> ClipTextDims:
    """The dimensions of an encoder from its shapes; its heads are 64 wide unless the metadata counts them."""
    try:
        vocabulary, width = text.shape("embeddings.token_embedding.weight")
        return ClipTextDims(
            width=width,
            layers=layer_count(text),
            heads=int(text.metadata.get("easel.clip_heads", max(1, width // 64))),
            mlp_width=text.shape("encoder.layers.0.mlp.fc1.weight")[0],
            vocabulary=vocabulary,
            positions=text.shape("embeddings.position_embedding.weight")[0],
            activation=kind.activation,
            projection=_projection(text) if kind.projected else 0,
        )
    except (KeyError, ValueError) as error:
        raise WeightsError(f"{file_name(text)}: the text encoder is not whole: it lacks {error}.") from error


def layer_count(text: Weights) -> int:
    return sum(name.endswith(".layer_norm1.weight") for name in text)


def _projection(text: Weights) -> int:
    return text.shape("text_projection.weight")[0] if "text_projection.weight" in text else 0
