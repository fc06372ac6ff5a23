"""What nodes call a CLIP: a family's tokenizers and text encoders, with the patches and options of one user of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from copy import copy
from typing import Any, Protocol

import torch
from torch import Tensor

from comfy_core.memory import residency
from comfy_core.memory.devices import offload_device
from comfy_core.patcher import ModelPatcher

Tokens = dict[str, list[list[Any]]]


Schedule = Callable[[ModelPatcher], Iterable[tuple[float, float, ModelPatcher]]]
"""The parts of a run, and the patched text encoder for each."""


class TextEncoder(Protocol):
    """A family's text encoders in one module; the rest of a module's interface is `nn.Module`'s."""

    def tokenize(self, text: str) -> Tokens:
        """Chunks of (token, weight, number) for each encoder, by its short name (`l`, `g`, `t5xxl`)."""
        ...

    def encode_token_weights(self, tokens: Tokens, layer: int | None) -> tuple[Tensor, Tensor]:
        """The text [1, N, width] and the pooled vector [1, width]."""
        ...


class CLIP:
    """Text in, conditioning out. Clones share weights. `entry_values` go into every entry of a CONDITIONING."""

    def __init__(self, patcher: ModelPatcher) -> None:
        self.patcher = patcher
        self.layer_idx: int | None = None
        self.schedule: Schedule | None = None
        self.entry_values: dict[str, Any] = {}

    @property
    def cond_stage_model(self) -> Any:
        """The module with the text encoders, by name: `.clip_l` …"""
        return self.patcher.model

    def clone(self) -> CLIP:
        twin = copy(self)
        twin.patcher = self.patcher.clone()
        return twin

    def add_patches(self, patches: Mapping[Any, Any], strength_patch: float = 1.0, strength_model: float = 1.0) -> list:
        """See `ModelPatcher.add_patches`."""
        return self.patcher.add_patches(patches, strength_patch, strength_model)

    def get_key_patches(self) -> dict[str, list[Any]]:
        return self.patcher.get_key_patches()

    def clip_layer(self, layer_idx: int) -> None:
        """Take the text from this layer, counted from the end: -1 the last, -2 "CLIP skip 2"."""
        self.layer_idx = layer_idx

    def tokenize(self, text: str, return_word_ids: bool = False, **kwargs: Any) -> Tokens:
        """Chunks of (token, weight) for each encoder; with `return_word_ids` of (token, weight, number), where tokens
        of one weighted stretch or embedding share a number and marks have 0."""
        tokens: Tokens = self.cond_stage_model.tokenize(text)
        if return_word_ids:
            return tokens
        return {name: [[token[:2] for token in row] for row in rows] for name, rows in tokens.items()}

    @torch.no_grad()
    def encode_from_tokens(self, tokens: Tokens, return_pooled: bool = False, return_dict: bool = False) -> Any:
        """The text [1, N, width]; with `return_pooled` also the pooled vector [1, width]; or both as a dict."""
        with residency.use([self.patcher]):
            cond, pooled = self.cond_stage_model.encode_token_weights(tokens, self.layer_idx)
        cond, pooled = cond.to(offload_device()), pooled.to(offload_device())
        if return_dict:
            return {"cond": cond, "pooled_output": pooled}
        return (cond, pooled) if return_pooled else cond

    def encode_from_tokens_scheduled(self, tokens: Tokens, add_dict: dict[str, Any] | None = None) -> list[list[Any]]:
        """A CONDITIONING of one entry, with the values of `add_dict` beside the pooled vector; with a `schedule` it has
        an entry for each part of the run."""
        if self.schedule is None:
            return [self._entry(tokens, add_dict or {})]
        entries = []
        for start, end, patcher in self.schedule(self.patcher):
            twin = copy(self)
            twin.patcher = patcher
            part = {"clip_start_percent": start, "clip_end_percent": end}
            entries.append(twin._entry(tokens, {**part, **(add_dict or {})}))
        return entries

    def _entry(self, tokens: Tokens, values: dict[str, Any]) -> list[Any]:
        encoded = self.encode_from_tokens(tokens, return_dict=True)
        cond = encoded.pop("cond")
        return [cond, {**encoded, **self.entry_values, **values}]

    def encode(self, text: str) -> Tensor:
        """The text [1, N, width] of a prompt."""
        return self.encode_from_tokens(self.tokenize(text))
