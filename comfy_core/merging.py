"""Models made of two models of one family, as patches: nothing is computed until the weights are needed, and then one
weight at a time, read from both files.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from torch import Tensor

from comfy_core import progress
from comfy_core.patcher import ModelPatcher
from comfy_core.patches import Patch, applied
from comfy_core.weights import Weights

UNET = "diffusion_model."
NOT_MERGED = (".position_ids", ".logit_scale")
TOLERATED = 0.05
"""The share of weights that may have another shape in the other model: an inpainting model has one."""


@dataclass(frozen=True)
class Other:
    """The weight `key` of another model, patched as it is there: W' = W + strength * other."""

    source: Mapping[str, Tensor]
    key: str
    patches: tuple[Patch, ...] = ()

    def apply(self, weight: Tensor, strength: float) -> Tensor:
        return weight.add_(self.value(weight), alpha=strength)

    def value(self, like: Tensor) -> Tensor:
        """The other model's weight, on the device and in the type of `like`."""
        value = applied(self.patches, self.pristine().to(like.device, like.dtype, copy=bool(self.patches)))
        if isinstance(self.source, Weights):
            self.source.release(self.key)
        return value

    def pristine(self) -> Tensor:
        return self.source[self.key]


@dataclass(frozen=True)
class OtherRows(Other):
    """As `Other`, where all its patches change every row by itself."""

    first: int = 0
    last: int | None = None

    def pristine(self) -> Tensor:
        return self.source[self.key][self.first : self.last]

    def rows(self, first: int, last: int) -> OtherRows:
        """The change of these rows alone."""
        return replace(self, first=first, last=last, patches=tuple(patch.rows(first, last) for patch in self.patches))


@dataclass(frozen=True)
class Towards:
    """The way to another model's weight: W' = W + strength * (other - W)."""

    other: Other

    def apply(self, weight: Tensor, strength: float) -> Tensor:
        return weight.lerp_(self.other.value(weight), strength)


def others(model: ModelPatcher, other: ModelPatcher, prefix: str = "") -> dict[str, Other]:
    """The weights of another model that fit this one's, as recipes by name.

    The few that differ in shape, as in an inpainting model, are left out with a warning.

    Raises:
        ValueError: the two are not of one family.
    """
    names = [name for name in model.source if name.startswith(prefix) and not name.endswith(NOT_MERGED)]
    fitting = [name for name in names if name in other.source and _shape(model, name) == _shape(other, name)]
    further = sum(name.startswith(prefix) and name not in model.source for name in other.source)
    left_out = [name for name in names if name not in set(fitting)]
    if len(left_out) + further > TOLERATED * len(names):
        raise ValueError(
            f"the two models are not of one family and cannot be merged: of {len(names)} weights of the first, "
            f"{len(left_out)} are missing in the second or have another shape there"
            + (f" ({', '.join(left_out[:3])} …)" if left_out else "")
            + (f", and the second has {further} more" if further else "")
            + "; choose two of the same family"
        )
    if left_out:
        progress.warn(f"{len(left_out)} weights differ in shape and are not merged: {', '.join(left_out[:3])}")
    return {name: _other(other, name) for name in fitting}


def _other(model: ModelPatcher, name: str) -> Other:
    patches = tuple(patch for patch in model.patches.get(name, ()) if not patch.changes_nothing)
    kind = OtherRows if all(patch.is_by_rows for patch in patches) else Other
    return kind(model.source, name, patches)


def _shape(model: ModelPatcher, name: str) -> tuple[int, ...]:
    source = model.source
    return source.shape(name) if isinstance(source, Weights) else tuple(source[name].shape)


def blended(model: ModelPatcher, recipes: Mapping[str, Other], ratio_of: Callable[[str], float]) -> ModelPatcher:
    """A clone whose weights are `ratio` of the first model and the rest of the second."""
    merged = model.clone()
    for name, recipe in recipes.items():
        ratio = ratio_of(name)
        merged.add_patches({name: recipe}, 1.0 - ratio, ratio)
    return merged


def ratio_by_block(ratios: Mapping[str, float]) -> Callable[[str], float]:
    """The ratio of a weight: that of the longest beginning of its name (without the network's) among `ratios`, or the
    first one."""
    default = next(iter(ratios.values()))

    def ratio_of(name: str) -> float:
        bare = name.removeprefix(UNET)
        known = max((one for one in ratios if bare.startswith(one)), key=len, default=None)
        return default if known is None else ratios[known]

    return ratio_of
