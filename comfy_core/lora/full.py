"""Changes that are stored whole: a difference to add, or a weight to put in the old one's place."""

from __future__ import annotations

from dataclasses import dataclass, replace

from torch import Tensor

from comfy_core.lora.recipe import Parts, Size, like


@dataclass(frozen=True)
class Difference:
    """W' = W + strength * difference; of weights (`diff`), biases (`diff_b`, `lora_B.bias`) and norms."""

    difference: Tensor
    scale: float = 1.0

    @staticmethod
    def read(parts: Parts, alpha: float | None) -> Difference | None:
        found = next((parts[name] for name in ("diff", "w_norm") if name in parts), None)
        return None if found is None else Difference(found)

    @property
    def size(self) -> Size:
        return _size(self.difference)

    def rows(self, first: int, last: int) -> Difference:
        """The change of these rows alone."""
        return replace(self, difference=self.difference[first:last])

    def apply(self, weight: Tensor, strength: float) -> Tensor:
        return weight.add_(like(self.difference, weight).reshape(weight.shape), alpha=strength * self.scale)


@dataclass(frozen=True)
class Replacement:
    """W' = value, whatever the strength, unless it is 0."""

    value: Tensor

    @staticmethod
    def read(parts: Parts, alpha: float | None) -> Replacement | None:
        return Replacement(parts["set_weight"]) if "set_weight" in parts else None

    @property
    def size(self) -> Size:
        return _size(self.value)

    def apply(self, weight: Tensor, strength: float) -> Tensor:
        return like(self.value, weight).reshape(weight.shape)


def _size(tensor: Tensor) -> Size:
    return (tensor.shape[0], tensor[0].numel()) if tensor.ndim else (1, 1)
