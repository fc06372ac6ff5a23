"""How much a picture counts in each cross-attention of a U-Net: the weight types of the field.

Style and composition go into the blocks that Wang et al. 2024 (InstantStyle, https://arxiv.org/abs/2404.02733) found to
decide them in SDXL, and into those that users found in Stable Diffusion 1.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

Block = tuple[str, int]
WEAK, OTHERS = 0.2, 0.1


@dataclass(frozen=True)
class Place:
    """Where a cross-attention is: its block, such as ("input", 8), and its place in it; the transformer it belongs to,
    counted in the order in which they run, and how many there are; how wide it is."""

    block: Block
    index: int
    transformer: int
    count: int
    width: int = 0

    @property
    def share(self) -> float:
        return self.transformer / self.count

    @property
    def from_middle(self) -> float:
        """0 in the middle of all, 1 at the first."""
        return abs(2 * self.share - 1)


@dataclass(frozen=True)
class Roles:
    """The blocks that decide the composition and the style, and how much they do."""

    composition: Mapping[Block, float]
    style: Mapping[Block, float]

    @property
    def both(self) -> dict[Block, float]:
        return {**self.style, **self.composition}


SDXL = Roles({("input", 8): 1.0}, {("output", 1): 1.0})
SD1 = Roles(
    {("input", 7): 0.25, ("input", 8): 1.0},
    {**{("input", number): 1.0 for number in (1, 2, 4, 5)}, **{("output", number): 1.0 for number in range(5, 12)}},
)


def _weak_in(*sides: str) -> Callable[[Place], float]:
    return lambda place: WEAK if place.block[0] in sides else 1.0


EVEN: dict[str, Callable[[Place], float]] = {
    "linear": lambda place: 1.0,
    "ease in": lambda place: 0.05 + 0.95 * (1 - place.share),
    "ease out": lambda place: 0.05 + 0.95 * place.share,
    "ease in-out": lambda place: 0.05 + 0.95 * (1 - place.from_middle),
    "reverse in-out": lambda place: 0.05 + 0.95 * place.from_middle,
    "weak input": _weak_in("input"),
    "weak output": _weak_in("output"),
    "weak middle": _weak_in("middle"),
    "strong middle": _weak_in("input", "output"),
}
BY_ROLE: dict[str, Callable[[Roles, Block], float]] = {
    "style transfer": lambda roles, block: roles.style.get(block, 0.0),
    "composition": lambda roles, block: roles.composition.get(block, 0.0),
    "strong style transfer": lambda roles, block: 0.0 if block in roles.composition else 1.0,
    "style and composition": lambda roles, block: roles.both.get(block, 0.0),
    "style transfer precise": lambda roles, block: roles.both.get(block, 0.0),
    "composition precise": lambda roles, block: roles.both.get(block, OTHERS),
}
WEIGHT_TYPES = (*EVEN, *BY_ROLE)


def factor(weight_type: str, place: Place, roles: Roles) -> float:
    """How much of the weight counts in a place."""
    return EVEN[weight_type](place) if weight_type in EVEN else BY_ROLE[weight_type](roles, place.block)


def is_against(weight_type: str, place: Place, roles: Roles) -> bool:
    """Whether the picture counts for the negative prompt in a place, so that what it shows there is avoided: the
    precise types keep style or composition out by it."""
    if weight_type == "style transfer precise":
        return place.block in roles.composition
    return weight_type == "composition precise" and place.block not in roles.composition
