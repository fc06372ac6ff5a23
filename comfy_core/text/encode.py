"""Chunks of weighted tokens through a CLIP text encoder."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from comfy_core.networks.clip_text import ClipText, Encoded
from comfy_core.text.prompt import Chunk, Token, chunks


def encode_chunks(
    encoder: ClipText, prompt: Sequence[Sequence[tuple]], chunk: Chunk, layer: int | None, last: bool = True
) -> tuple[Tensor, Tensor]:
    """The text [1, chunks * length, width] and the pooled vector [1, width] of the first chunk.

    `layer` counts from the end; None, or one the encoder does not have, is the last. `last` says whether the final norm
    is applied to it (Stable Diffusion 1 does, SDXL does not).

    A weight w moves a token's vector away from where the empty prompt has it: z = (z - z_empty) * w + z_empty.
    Raises ValueError for a weight that is infinite in single precision.
    """
    rows = [[token for token, *_ in row] for row in prompt]
    weights = torch.tensor([[weight for _, weight, *_ in row] for row in prompt])
    if not weights.isfinite().all():
        raise ValueError("a weight in this prompt is infinite; write a smaller one")
    weighted = bool((weights != 1.0).any())
    if weighted:
        rows.append([token for token, *_ in chunks(iter(()), chunk)[0]])
    encoded = encode_rows(encoder, rows, chunk, layer)
    z = encoder.final_layer_norm(encoded.hidden) if last else encoded.hidden
    z, pooled = z.float(), encoded.pooled[:1].float()
    if weighted:
        z, empty = z[:-1], z[-1:]
        amount = weights.to(z.device)[:, :, None]
        z = torch.where(amount == 1.0, z, (z - empty) * amount + empty)
    return z.reshape(1, -1, z.shape[-1]), pooled


def encode_rows(encoder: ClipText, rows: list[list[Token]], chunk: Chunk, layer: int | None) -> Encoded:
    """Rows of equally many tokens through the network; a token that is a vector takes its number's place."""
    weight = encoder.embeddings.token_embedding.weight
    numbers = torch.tensor([[token if isinstance(token, int) else chunk.end for token in row] for row in rows])
    vectors = encoder.embed(numbers.to(weight.device))
    for i, row in enumerate(rows):
        for j, token in enumerate(row):
            if isinstance(token, Tensor):
                vectors[i, j] = token.to(vectors)
    ends = [next(j for j, token in enumerate(row) if isinstance(token, int) and token == chunk.end) for row in rows]
    count = len(encoder.encoder.layers)
    depth = layer if layer is not None and -count <= layer <= -1 else -1
    return encoder(vectors, torch.tensor(ends, device=weight.device), depth)
