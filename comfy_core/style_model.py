"""What nodes call a STYLE_MODEL: it turns what a vision encoder saw in a picture into words of a prompt."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from comfy_core.conditioning import Conditioning
from comfy_core.families._ldm import build, count, file_name, patcher_of
from comfy_core.memory import devices, residency
from comfy_core.networks.style_model import ReduxEncoder, StyleAdapter, StyleDims
from comfy_core.patcher import ModelPatcher
from comfy_core.vision import ClipVisionOutput
from comfy_core.weights import Weights, WeightsError


class StyleModel:
    """Words from a picture."""

    def __init__(self, patcher: ModelPatcher) -> None:
        self.patcher = patcher

    @property
    def model(self) -> nn.Module:
        return self.patcher.model

    @torch.no_grad()
    def get_cond(self, output: ClipVisionOutput) -> Tensor:
        """Words [B, n, width] of the B pictures in `output`. Raises ValueError for those of another encoder."""
        seen = output.last_hidden_state
        width = _width(self.model)
        if seen.shape[-1] != width:
            raise ValueError(
                f"the vision encoder's tokens are {seen.shape[-1]} wide and this style model takes {width} wide ones: "
                f"look at the picture with {'CLIP ViT-L' if isinstance(self.model, StyleAdapter) else 'SigLIP'}"
            )
        with residency.use([self.patcher]):
            words = self.model(seen.to(self.patcher.load_device, self.patcher.model_dtype()))
        return words.float().to(devices.offload_device())


def load_style_model(weights: Weights) -> StyleModel:
    """A style model of T2I-Adapter or FLUX.1 Redux. Raises WeightsError for anything else."""
    dtype = devices.network_dtype(devices.compute_device())
    try:
        network: nn.Module
        if "style_embedding" in weights:
            network = build(StyleAdapter, _style_dims(weights), "style model", weights)
        else:
            hidden, width = weights.shape("redux_up.weight")
            sizes = width, hidden, weights.shape("redux_down.weight")[0]
            network = build(lambda sizes: ReduxEncoder(*sizes), sizes, "style model", weights)
    except KeyError as error:
        raise WeightsError(
            f"{file_name(weights)} is not a style model this version knows ({error} is missing); supported: "
            "T2I-Adapter's style model and FLUX.1 Redux."
        ) from error
    return StyleModel(patcher_of(network, weights, dtype, "style model"))


def _style_dims(weights: Weights) -> StyleDims:
    _, words, width = weights.shape("style_embedding")
    return StyleDims(
        width=width,
        context=weights.shape("proj")[1],
        layers=count(weights, "transformer_layes.{}.ln_1.weight"),
        words=words,
    )


def _width(network: nn.Module) -> int:
    return network.dims.width if isinstance(network, StyleAdapter) else network.redux_up.in_features  # type: ignore


def with_style(conditioning: Conditioning, words: Tensor, strength: float, as_bias: bool) -> Conditioning:
    """Every entry with the words of pictures [B, n, width] after its own, `strength` times as large.

    With `as_bias` they stay as they are, and text looks at them as if there were `strength` of each: log(strength) is
    added to its attention (`attention_mask` [1, N, N]), for models that take one.

    Raises:
        ValueError: the prompt was encoded for another model.
    """
    words = words.flatten(0, 1)[None] * (1.0 if as_bias else strength)
    bias = math.log(strength) if as_bias and strength > 0 else -math.inf if as_bias else 0.0
    styled = []
    for text, extra in conditioning:
        if text.shape[-1] != words.shape[-1]:
            raise ValueError(
                f"the prompt's vectors are {text.shape[-1]} wide and the style model's {words.shape[-1]}: it is for "
                "another model"
            )
        extra = dict(extra)
        if bias or "attention_mask" in extra:
            extra["attention_mask"] = _widened(extra, text.shape[1], words.shape[1], bias)
            extra.setdefault("attention_mask_img_shape", (1, 1))
        styled.append([torch.cat([text, words.to(text)], dim=1), extra])
    return styled


def _widened(extra: dict, texts: int, words: int, bias: float) -> Tensor:
    """The attention's bias [1, N, N] with room for `words` more after the `texts`, at which everything else looks with
    `bias`. The picture's own tokens come last."""
    rows, columns = extra.get("attention_mask_img_shape", (1, 1))
    size = texts + rows * columns
    before = extra.get("attention_mask", torch.zeros(1, size, size))
    if before.dtype == torch.bool:
        before = torch.zeros(before.shape).masked_fill(~before, -math.inf)
    wider = torch.zeros(before.shape[0], size + words, size + words)
    old = [*range(texts), *range(texts + words, size + words)]
    wider[:, torch.tensor(old)[:, None], torch.tensor(old)] = before.float()
    wider[:, old, texts : texts + words] = bias
    return wider
