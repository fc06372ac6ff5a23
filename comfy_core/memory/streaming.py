"""Weights that do not fit on a device, copied there layer by layer while the network runs and dropped behind it.

On an accelerator the next layer's weights are copied on a stream of their own while this one computes. Which layer is
next is learned from the run itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from comfy_core.memory import devices
from comfy_core.patcher import ModelPatcher

LAYERS = (nn.Linear, nn.Conv1d, nn.Conv2d, nn.Conv3d)
"""What is streamed: nearly all of a network's bytes, and only what is used by calling it."""


@dataclass(frozen=True)
class Plan:
    """Which layers are streamed (by name), with how many of them on the device at once; the bytes of what stays there,
    and those that streamed layers take at most."""

    streamed: tuple[str, ...]
    at_once: int
    kept: int
    passing: int

    @property
    def bytes(self) -> int:
        return self.kept + self.passing


def plan(patcher: ModelPatcher, budget: int) -> Plan:
    """How to use a model within `budget` bytes: as much of it as fits stays, small layers first; the rest is streamed.

    What is streamed needs room for two layers, or for one if there is no more. The flags count too: `--highvram`
    streams nothing, `--lowvram` leaves half of the budget free, `--novram` streams all it can. A budget too small even
    for one layer at a time is tried all the same.
    """
    policy, whole = devices.policy(), patcher.model_size()
    if policy.lowvram:
        budget //= 2
    if policy.highvram or (whole <= budget and not policy.novram):
        return Plan((), 0, whole, 0)
    sizes = layer_bytes(patcher)
    if not sizes:
        return Plan((), 0, whole, 0)
    largest = max(sizes.values())
    staying = whole - sum(sizes.values())
    at_once = 2 if staying + 2 * largest <= budget else 1
    streamed = []
    for name, size in sorted(sizes.items(), key=lambda item: item[1]):
        if policy.novram or staying + size + at_once * largest > budget:
            streamed.append(name)
        else:
            staying += size
    return Plan(tuple(streamed), at_once, staying, at_once * largest)


def layer_bytes(patcher: ModelPatcher) -> dict[str, int]:
    """The bytes of each layer that can be streamed, by the layer's name."""
    return {
        name: sum(patcher.weight_bytes(key) for key in keys)
        for name, module in patcher.model.named_modules()
        if isinstance(module, LAYERS) and (keys := _keys(name, module, patcher.source))
    }


class Stream:
    """Has each of the named layers' weights on the device while that layer computes, and only then.

    `patcher` may be exchanged between runs for a clone with other patches. `held` and `most` are the bytes that
    streamed weights take now and took at most.
    """

    def __init__(self, patcher: ModelPatcher, names: Iterable[str], at_once: int) -> None:
        self.patcher = patcher
        self.held = self.most = 0
        self._at_once = at_once
        self._modules = {name: patcher.model.get_submodule(name) for name in names}
        self._next: dict[str, str] = {}
        self._last: str | None = None
        self._ahead: tuple[str, dict[str, Tensor], Any] | None = None
        self._side = torch.cuda.Stream(patcher.load_device) if patcher.load_device.type == "cuda" else None
        self._hooks = []
        for name, module in self._modules.items():
            self._hooks.append(
                module.register_forward_pre_hook(lambda module, _, name=name: self._before(name, module))
            )
            self._hooks.append(module.register_forward_hook(lambda module, *_: self._after(module), always_call=True))

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self._modules)

    def keys(self) -> set[str]:
        """The names of the weights that are streamed."""
        return {key for name, one in self._modules.items() for key in _keys(name, one, self.patcher.source)}

    def use(self, patcher: ModelPatcher) -> None:
        """Stream the weights of this clone from now on."""
        self._forget_ahead()
        self.patcher = patcher

    def close(self) -> None:
        """Leave the layers alone."""
        self._forget_ahead()
        for hook in self._hooks:
            hook.remove()

    def _before(self, name: str, module: nn.Module) -> None:
        if self._ahead is not None and self._ahead[0] == name:
            _, weights, copied = self._ahead
            self._ahead = None
        else:
            self._forget_ahead()
            weights, copied = self._fetched(name)
        if copied is not None:
            current = torch.cuda.current_stream()
            current.wait_event(copied)
            for weight in weights.values():
                weight.record_stream(current)
        _put(module, weights)
        if self._last is not None:
            self._next[self._last] = name
        self._last = name
        following = self._next.get(name)
        if self._side is not None and self._at_once > 1 and following not in (None, name):
            self._ahead = (following, *self._fetched(following))

    def _after(self, module: nn.Module) -> None:
        own = {name: value for name, value in module.named_parameters(recurse=False) if not value.is_meta}
        self.held -= sum(value.nbytes for value in own.values())
        _put(module, {name: torch.empty_like(value, device="meta") for name, value in own.items()})

    def _fetched(self, name: str) -> tuple[dict[str, Tensor], Any]:
        """A layer's weights by parameter name, and the event that says they are there."""
        keys = _keys(name, self._modules[name], self.patcher.source)
        with torch.cuda.stream(self._side) if self._side is not None else nullcontext():
            weights = {key.rpartition(".")[2]: self.patcher.taken_weight(key) for key in keys}
            copied = self._side.record_event() if self._side is not None else None
        self.held += sum(value.nbytes for value in weights.values())
        self.most = max(self.most, self.held)
        return weights, copied

    def _forget_ahead(self) -> None:
        if self._ahead is not None:
            self.held -= sum(value.nbytes for value in self._ahead[1].values())
            self._ahead = None


def _keys(name: str, module: nn.Module, source: Mapping[str, Tensor]) -> list[str]:
    own = (f"{name}.{parameter}" for parameter, _ in module.named_parameters(recurse=False))
    return [key for key in own if key in source]


def _put(module: nn.Module, weights: dict[str, Tensor]) -> None:
    for name, value in weights.items():
        setattr(module, name, nn.Parameter(value, requires_grad=False))
