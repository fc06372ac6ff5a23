"""Other guidances than one prompt to go towards and one to go away from."""

from __future__ import annotations

import math
from typing import Any

from torch import Tensor

from comfy_core.sampling.conditions import Conditioning
from comfy_core.sampling.guidance import CFGGuider, cfg_function, predict_conditions, shared_arguments

STYLES = ("regular", "nested")


class BasicGuider(CFGGuider):
    """One prompt and nothing else: one evaluation a step."""

    def set_conds(self, positive: Conditioning, negative: Conditioning | None = None) -> None:
        super().set_conds(positive, negative or [])


class DualCFGGuider(CFGGuider):
    """Two prompts and a negative one.

    `regular` goes from the negative to the second prompt at one scale, and on from the second to the first at another:
    the guidance of InstructPix2Pix (Brooks et al. 2023, https://arxiv.org/abs/2211.09800, equation 3). `nested` goes
    from the second to the first, and from the negative to where that leads.
    """

    def __init__(self, model_patcher: Any) -> None:
        super().__init__(model_patcher)
        self.cfg1, self.cfg2, self.nested = 1.0, 1.0, False

    def set_conds(self, positive: Conditioning, middle: Conditioning, negative: Conditioning) -> None:  # type: ignore[override]
        middle = [[tensor, {**extra, "prompt_type": "negative"}] for tensor, extra in middle]
        self.original_conds = {"positive": positive, "middle": middle, "negative": negative}

    def set_cfg(self, cfg1: float, cfg2: float, nested: bool = False) -> None:  # type: ignore[override]
        """The scales from the second prompt to the first, and from the negative one."""
        self.cfg1, self.cfg2, self.nested = cfg1, cfg2, nested

    def predict_noise(
        self, x: Tensor, timestep: Tensor, model_options: dict[str, Any] | None = None, seed: int | None = None
    ) -> Tensor:
        options = self.model_options if model_options is None else model_options
        conds = [self.conds[side] for side in ("positive", "middle", "negative")]
        if not self.nested and not options.get("disable_cfg1_optimization"):
            conds = self._needed(*conds)
        positive, middle, negative = predict_conditions(self.inner_model, conds, x, timestep, options)
        scale = self.cfg1 if self.nested else self.cfg2
        shared = shared_arguments(self.inner_model, x, timestep, scale, options, conds[0], conds[-1])
        if self.nested:
            towards = cfg_function(positive, middle, shared)
            return negative + self.cfg2 * (towards - negative)
        return cfg_function(middle, negative, shared) + (positive - middle) * self.cfg1

    def _needed(self, positive: list[Any], middle: list[Any], negative: list[Any]) -> list[list[Any]]:
        """At scale 1 what a step starts from does not count, and is not asked for."""
        if not math.isclose(self.cfg2, 1.0):
            return [positive, middle, negative]
        return [positive, [] if math.isclose(self.cfg1, 1.0) else middle, []]
