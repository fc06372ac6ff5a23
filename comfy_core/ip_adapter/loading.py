"""IP-Adapter files: which of its kinds they are, from names and shapes, and for which models."""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from comfy_core.families import UnknownCheckpoint, description
from comfy_core.families._ldm import build, count, file_name, patcher_of, reading
from comfy_core.memory import devices, residency
from comfy_core.networks.ip_adapter import IPAdapter as Network
from comfy_core.networks.ip_adapter import IPAdapterDims, ResamplerDims
from comfy_core.patcher import ModelPatcher
from comfy_core.vision import ClipVisionModel, ClipVisionOutput
from comfy_core.weights import Weights, WeightsError

KEYS, FACES = ".to_k_ip.weight", ("_lora.", "perceiver_resampler.")
WIDTH_OF_H = 1024
SUPPORTED = "IP-Adapters for Stable Diffusion 1.5 and XL: regular, light, plus, plus face, full face"


@dataclass(frozen=True)
class IPAdapter:
    """What nodes call an IPADAPTER: a network, and the encoder that sees pictures for it where that is known."""

    patcher: ModelPatcher
    name: str
    clip_vision: ClipVisionModel | None = None

    @property
    def network(self) -> Network:
        return self.patcher.model  # type: ignore[return-value]

    def seeing_with(self, clip_vision: ClipVisionModel | None) -> IPAdapter:
        """This one, with an encoder of pictures unless that is None. Raises ValueError if there is none then."""
        found = self if clip_vision is None else replace(self, clip_vision=clip_vision)
        if found.clip_vision is None:
            raise ValueError(f"{self.name} needs an encoder of pictures: link a Load CLIP Vision node to clip_vision")
        return found

    def embeds(self, seen: ClipVisionOutput) -> Tensor:
        """What this one takes of what an encoder saw: pictures as wholes [B, width], or patches [B, places, width]."""
        return seen.penultimate_hidden_states if self.network.takes_patches else seen.image_embeds

    @torch.no_grad()
    def words(self, embeds: Tensor) -> Tensor:
        """Words [B, n, context] on the load device. Raises ValueError for what another encoder saw."""
        if embeds.shape[-1] != self.seen_width:
            raise ValueError(
                f"{self.name} takes pictures as vectors of {self.seen_width} numbers, and the CLIP vision encoder "
                f"gives {embeds.shape[-1]}: load {self.encoder}"
            )
        with residency.use([self.patcher]):
            return self.network(embeds.to(self.patcher.load_device, self.patcher.model_dtype()))

    @property
    def seen_width(self) -> int:
        """The numbers in a vector that this one takes."""
        dims = self.network.dims
        if dims.resampler is not None:
            return dims.resampler.seen
        return dims.patches if dims.patches is not None else dims.whole[0]  # type: ignore[index]

    @property
    def encoder(self) -> str:
        """The CLIP vision encoder that the release has it for."""
        return "ViT-H" if self.network.takes_patches or self.seen_width <= WIDTH_OF_H else "ViT-bigG"


def load_ip_adapter(weights: Weights) -> IPAdapter:
    """An IP-Adapter from its file. Raises WeightsError for anything else, and for those that take faces alone."""
    name = file_name(weights)
    if not any(key.endswith(KEYS) for key in weights):
        raise UnknownCheckpoint(description(weights, "file of an IP-Adapter", SUPPORTED))
    if any(mark in key for key in weights for mark in FACES) or _is_portrait(weights):
        raise WeightsError(
            f"{name} is a FaceID IP-Adapter, which needs faces as insightface sees them and is not supported; "
            f"supported: {SUPPORTED}."
        )
    with reading(name):
        network = build(Network, _dims(weights), "IP-Adapter", weights)
        dtype = devices.network_dtype(devices.compute_device())
        return IPAdapter(patcher_of(network, weights, dtype, "IP-Adapter"), name)


def _is_portrait(weights: Weights) -> bool:
    return "image_proj.proj.2.weight" in weights and "image_proj.proj.3.weight" not in weights


def _dims(weights: Weights) -> IPAdapterDims:
    shapes = {key.split(".")[1]: weights.shape(key) for key in weights if key.endswith(KEYS)}
    context = next(iter(shapes.values()))[1]
    dims = IPAdapterDims(context, {number: shape[0] for number, shape in shapes.items()})
    if "image_proj.latents" in weights:
        return replace(dims, resampler=_resampler(weights))
    if "image_proj.proj.3.weight" in weights:
        return replace(dims, patches=weights.shape("image_proj.proj.0.weight")[1])
    out, seen = weights.shape("image_proj.proj.weight")
    return replace(dims, whole=(seen, out // context))


def _resampler(weights: Weights) -> ResamplerDims:
    width, seen = weights.shape("image_proj.proj_in.weight")
    return ResamplerDims(
        seen=seen,
        width=width,
        inner=weights.shape("image_proj.layers.0.0.to_q.weight")[0],
        mlp=weights.shape("image_proj.layers.0.1.1.weight")[0],
        layers=count(weights, "image_proj.layers.{}.0.to_q.weight"),
        questions=weights.shape("image_proj.latents")[1],
    )
