"""Does the starter model paint what it is asked for? `python -m tools.starter.judge`

For 200 prompts and seeds the nearest taught noun, in a small encoder's feature space, should be the one in the prompt.
The encoder never saw a generated picture; the nouns' places in its space come from renderings it was not trained on.
"""

from __future__ import annotations

import argparse
import random
from collections import Counter

import torch

from tools.starter import data, judge_encoder
from tools.starter.nouns import NOUNS
from tools.starter.pictures import paint


def prompts(count: int, seed: int = 2026) -> list[tuple[str, int]]:
    """Captions in turn for all nouns, with the noun's index."""
    rng = random.Random(seed)
    return [(data.caption(NOUNS[i % len(NOUNS)], data.background(rng)[1], rng), i % len(NOUNS)) for i in range(count)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=200)
    options = parser.parse_args()
    encoder = judge_encoder.trained(torch.device("cpu"))
    known = judge_encoder.prototypes(encoder)

    rng = random.Random(99)
    held_out = [data.sample(rng) for _ in range(300)]
    distorted = [judge_encoder.distorted(one.picture, rng) for one in held_out]
    own = judge_encoder.ranks(encoder, known, distorted, [one.noun for one in held_out])
    print(f"the ruler itself, on 300 held-out renderings: top-1 {share(own, 1):.1%}, top-5 {share(own, 5):.1%}")

    asked = prompts(options.count)
    pictures = list(paint([prompt for prompt, _ in asked], list(range(options.count))))
    ranks = judge_encoder.ranks(encoder, known, pictures, [noun for _, noun in asked])
    print(f"{options.count} generated pictures: top-1 {share(ranks, 1):.1%}, top-5 {share(ranks, 5):.1%}")
    missed = Counter(NOUNS[noun].name for (_, noun), rank in zip(asked, ranks, strict=True) if rank >= 5)
    print("missed:", ", ".join(f"{name} ({count})" for name, count in missed.most_common()) or "none")


def share(ranks: list[int], within: int) -> float:
    return sum(rank < within for rank in ranks) / len(ranks)


if __name__ == "__main__":
    main()
