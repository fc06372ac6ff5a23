"""What is in a model file: its family, its parts, types and hashes, and how many of its numbers are nought."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from comfy_core.families import recognise
from comfy_core.model_hashes import AUTO_V2, AUTO_V3, ModelHashes, auto_v1
from comfy_core.model_tools.prune import prune
from comfy_core.weights import Weights, WeightsError, open_weights

PARTS = {
    "U-Net": ("model.diffusion_model.",),
    "VAE": ("first_stage_model.", "vae."),
    "text encoders": ("cond_stage_model.", "conditioner.", "text_encoders."),
    "EMA weights": ("model_ema.",),
}
SMALL = 1e-3
LONGEST_WORDS = 200


def description(path: Path, hashes: ModelHashes, zeros: bool = False) -> Iterator[str]:
    """Lines about a file. With `zeros` all numbers are read, else only the header and what hashes need.

    Raises WeightsError for what is no model, OSError where it cannot be read.
    """
    weights = open_weights(path, as_stored=True)
    yield f"{path.name}: {path.stat().st_size:,} bytes, {len(weights):,} tensors, {weights.nbytes():,} bytes of numbers"
    yield f"  is: {_kind(weights)}"
    yield f"  types: {', '.join(_types(weights))}"
    yield from (f"  {name}: {bytes:,} bytes" for name, bytes in _parts(weights) if bytes)
    spare = _spare(weights)
    if spare:
        yield f"  {spare:,} bytes of it are not needed to sample; main.py prune leaves them out"
    yield f"  hashes: AutoV1 {auto_v1(path)}, AutoV2 {hashes.sha256(path)[:AUTO_V2]}, " + (
        f"AutoV3 {hashes.auto_v3(path)[:AUTO_V3]}"
    )
    yield f"  sha256: {hashes.sha256(path)}"
    yield from (f"  {name}: {_shortened(value)}" for name, value in weights.metadata.items())
    if zeros:
        yield from _zeros(weights)


def _kind(weights: Weights) -> str:
    try:
        return recognise(weights).NAME
    except WeightsError as error:
        return str(error)


def _types(weights: Weights) -> Iterator[str]:
    bytes: Counter[str] = Counter()
    for name in weights:
        bytes[str(weights.dtype(name)).removeprefix("torch.")] += weights.entries[weights.stored[name]].bytes
    return (f"{dtype} ({100 * count / max(weights.nbytes(), 1):.0f} %)" for dtype, count in bytes.most_common())


def _parts(weights: Weights) -> Iterator[tuple[str, int]]:
    return ((name, sum(weights.under(one).nbytes() for one in prefixes)) for name, prefixes in PARTS.items())


def _spare(weights: Weights) -> int:
    try:
        return sum(prune(weights).dropped.values())
    except WeightsError:
        return 0


def _shortened(value: str) -> str:
    line = " ".join(value.split())
    return line if len(line) <= LONGEST_WORDS else f"{line[:LONGEST_WORDS]}… ({len(value):,} characters)"


def _zeros(weights: Weights) -> Iterator[str]:
    """The share of numbers that are nought, or nearly so by the measure of their tensor."""
    count = nought = small = 0
    for name in weights:
        tensor = weights[name]
        if tensor.is_floating_point() and tensor.numel():
            tensor = tensor.float().abs()
            count += tensor.numel()
            nought += int((tensor == 0).sum())
            small += int((tensor < SMALL * tensor.max()).sum())
        weights.release(name)
    if count:
        yield (
            f"  numbers: {count:,}; {100 * nought / count:.2f} % are nought, {100 * small / count:.2f} % below a "
            "thousandth of the largest of their tensor"
        )
