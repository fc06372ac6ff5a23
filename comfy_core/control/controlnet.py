"""ControlNets as prompts have them. Zhang et al. 2023, https://arxiv.org/abs/2302.05543."""

from __future__ import annotations

from typing import Any

from torch import Tensor

from comfy_core.control.base import ControlBase, Size
from comfy_core.control.fit import check_fits
from comfy_core.media.resize import common_upscale
from comfy_core.networks.controlnet import ControlNet as Network
from comfy_core.networks.unet import Control
from comfy_core.patcher import ModelPatcher


class ControlNet(ControlBase):
    """A network of its own beside the model, asked in every step."""

    def __init__(self, patcher: ModelPatcher | None, name: str) -> None:
        super().__init__(name)
        self._patcher = patcher
        self.model_sampling_current: Any = None

    @property
    def patcher(self) -> ModelPatcher:
        assert self._patcher is not None, "it is made when a run begins"
        return self._patcher

    @property
    def control_model(self) -> Network:
        return self.patcher.model  # type: ignore[return-value]

    @property
    def types(self) -> int:
        """How many kinds of pictures a union knows; 0 for all others."""
        return self.control_model.types

    def fit(self, model: ModelPatcher) -> None:
        network = self.control_model
        check_fits(self.name, network.dims, network.widths, model)
        self.model_sampling_current = model.get_model_object("model_sampling")

    def look(self, size: Size) -> list[Tensor]:
        assert self.cond_hint_original is not None
        network, (height, width) = self.control_model, size
        factor = network.input_hint_block.factor
        hint = common_upscale(self.cond_hint_original, width * factor, height * factor, "nearest-exact", "center")
        return [network.guide(hint.to(self.patcher.load_device, self.patcher.model_dtype()))]

    def residuals(self, x: Tensor, t: Tensor, cond: dict[str, Any], batched_number: int) -> Control:
        (guide,) = self.seen(x, batched_number)
        dtype, sampling = self.patcher.model_dtype(), self.model_sampling_current
        text = cond.get("crossattn_controlnet", cond["c_crossattn"])
        vector = cond["y"].to(dtype) if self.control_model.dims.vector_dim else None
        return self.control_model(
            sampling.calculate_input(t, x).to(dtype),
            sampling.timestep(t).float(),
            text.to(dtype),
            guide,
            y=vector,
            **self.extra_args,
        )
