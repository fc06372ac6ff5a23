"""Several prompts in one: `a cat AND a dog :1.2`, each with its own share of the guidance.

Liu et al. 2022, "Compositional Visual Generation with Composable Diffusion Models", https://arxiv.org/abs/2206.01714,
equation 11: uncond + scale * sum of weight (cond - uncond).
"""

from __future__ import annotations

import re

AND = re.compile(r"\bAND\b")
WEIGHT = re.compile(r"(.*?)(?:\s*:\s*([-+]?(?:\d+\.?\d*|\.\d+)))?\s*", re.DOTALL)


def composed(text: str) -> list[tuple[str, float]]:
    """The prompts that a text is composed of, and the weight of each, 1 where none is written. A text without `AND` is
    one prompt as it stands.

    Raises ValueError for weights that add up to 0, which leave nothing to guide by.
    """
    parts = AND.split(text)
    if len(parts) == 1:
        return [(text, 1.0)]
    found = []
    for part in parts:
        match = WEIGHT.fullmatch(part)
        assert match is not None
        found.append((match[1], 1.0 if match[2] is None else float(match[2])))
    if abs(sum(weight for _, weight in found)) < 1e-6:
        raise ValueError("the weights of the prompts that AND joins add up to 0; change one of them")
    return found
