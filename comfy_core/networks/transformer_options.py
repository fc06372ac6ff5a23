"""What takes part in a pass through a network: the ecosystem's `transformer_options`.

    patches            functions by the place where they are called, each given what the one before it left
    patches_replace    by kind (`attn1`, `attn2`, `dit` …) and block, the function that does its work instead
    block              the block that is at work: ("input", 4), ("middle", 0), ("output", 8)
    block_index        the transformer in it; `transformer_index` counts the stacks of them over the whole network
    original_shape     that of the network's input; `activations_shape` that of the picture which a stack works on

What the sampler adds: `cond_or_uncond` (the side of each part of the batch, 0 the positive one), `sigmas` [B],
`sample_sigmas` (those of the run). A network tells the places, a patch reads them; neither changes the mapping.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from torch import Tensor

Options = Mapping[str, Any]


def patches(options: Options, place: str) -> Sequence[Callable[..., Any]]:
    """The functions that are called in a place."""
    return options.get("patches", {}).get(place, ())


def patched(x: Tensor, options: Options, place: str) -> Tensor:
    """`x` after the functions `(x, options)` of a place."""
    for patch in patches(options, place):
        x = patch(x, options)
    return x


def replacement(options: Options, kind: str) -> Callable[..., Any] | None:
    """What stands in for `kind` where `options` tell we are: for this transformer of the block, or for all of its."""
    given = options.get("patches_replace", {}).get(kind)
    if not given:
        return None
    block = tuple(options.get("block", ()))
    return given.get((*block, options.get("block_index", 0)), given.get(block))
