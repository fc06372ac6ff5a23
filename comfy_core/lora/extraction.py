"""A LoRA made of the difference of two models: of every weight the best matrices of a rank.

Eckart & Young 1936, "The approximation of one matrix by another of lower rank": of all matrices of a rank, the first
singular vectors make the nearest one.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from comfy_core.memory import devices
from comfy_core.patcher import ModelPatcher
from comfy_core.progress import ProgressBar, check_interrupted

NETWORK, FOR_TEXT = "diffusion_model.", "text_encoders."
EXACT = 4
"""A matrix no larger than this many ranks is taken apart wholly, a larger one for its first vectors alone."""
ROUNDS, MORE = 6, 16
"""Rounds of subspace iteration, and how many vectors more than wanted they work on (Halko et al. 2009, 0909.4061)."""


def extracted(
    model: ModelPatcher | None, text: ModelPatcher | None, rank: int | None, biases: bool
) -> dict[str, Tensor]:
    """The tensors of a LoRA file. `model` and `text` are differences, as subtracting makes them; only their changed
    weights count. `rank` None keeps each difference whole; `biases` takes what has one dimension, too."""
    found: dict[str, Tensor] = {}
    for patcher, start, name in ((model, NETWORK, NETWORK), (text, "", FOR_TEXT)):
        if patcher is None:
            continue
        keys = [key for key in patcher.source if key.startswith(start) and key in patcher.patches]
        bar = ProgressBar(len(keys))
        for key in keys:
            found |= _change(name + key.removeprefix(start), patcher, key, rank, biases)
            bar.update()
            check_interrupted()
    return found


def _change(name: str, patcher: ModelPatcher, key: str, rank: int | None, biases: bool) -> dict[str, Tensor]:
    """The tensors of one weight's change."""
    difference = patcher.weight(key).to(devices.compute_device(), torch.float32)
    stem, _, kind = name.rpartition(".")
    if difference.ndim < 2 or kind != "weight":
        ending = "diff_b" if kind == "bias" else "diff"
        return {f"{stem}.{ending}": _stored(difference)} if biases else {}
    if rank is None:
        return {f"{stem}.diff": _stored(difference)}
    up, down = low_rank(difference, rank)
    return {f"{stem}.lora_up.weight": _stored(up), f"{stem}.lora_down.weight": _stored(down)}


def low_rank(difference: Tensor, rank: int) -> tuple[Tensor, Tensor]:
    """`up` [out, rank, ...] and `down` [rank, in, ...] whose product is nearest to a weight's change [out, in, ...].
    Each carries the root of the singular values."""
    matrix = difference.flatten(1)
    rank = min(rank, *matrix.shape)
    u, values, v = _first_vectors(matrix, rank)
    roots = values.sqrt()
    up = (u * roots).reshape(-1, rank, *(1,) * (difference.ndim - 2))
    down = (v * roots).T.reshape(rank, *difference.shape[1:])
    return up, down


def _first_vectors(matrix: Tensor, rank: int) -> tuple[Tensor, Tensor, Tensor]:
    if EXACT * (rank + MORE) >= min(matrix.shape):
        u, values, v = torch.linalg.svd(matrix, full_matrices=False)
        return u[:, :rank], values[:rank], v[:rank].T
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        u, values, v = torch.svd_lowrank(matrix, q=rank + MORE, niter=ROUNDS)
    return u[:, :rank], values[:rank], v[:, :rank]


def _stored(tensor: Tensor) -> Tensor:
    """As files have it: in fp16 where that holds the numbers, on the CPU."""
    half = tensor.to("cpu", torch.float16)
    fits = math.isfinite(float(half.abs().max())) if half.numel() else True
    return half.contiguous() if fits else tensor.cpu().contiguous()
