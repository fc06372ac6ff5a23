"""The ControlNets of an infotext as nodes: each with its picture, which the infotext does not have, and what is made of
that before the network sees it.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from comfy_core.infotext.control import (
    INVERT,
    MODES,
    NONE,
    PASSES,
    PREPROCESSORS,
    RESIZES,
    TILE,
    UNSAID,
    Unit,
    units_of,
)
from execution.infotext.stage import NOT_FOUND_ENDING, Builder, Link, Stage, named_model

FIRST, SECOND = PASSES[1:]
"""The passes of "hires fix"; a unit may be for one of them alone."""
UNTOUCHED = 1.1
"""A tile is left as it is below this rate."""
STAND_INS = {"softedge_": "SoftEdges", "hed": "SoftEdges", "pidinet": "SoftEdges", "scribble_": "ScribblePreprocessor"}
"""Nodes that need no network, by what the names of preprocessors begin with that have one."""
NOT_CONTROLNETS = ("ip-adapter", "ip_adapter", "instant_id", "reference", "revision", "pulid")


@dataclass
class Units:
    """The units of an infotext for a picture of a size; a network and its hint are made once, whoever uses them."""

    make: Builder
    size: tuple[int, int]
    made: dict[int, tuple[Link, Link]] = field(default_factory=dict)
    done: dict[str, Stage] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.units = [unit for unit in units_of(self.make.fields) if self._is_known(unit)]

    def on(self, stage: Stage, which: str) -> Stage:
        """A stage whose prompts are led by the units that are for this pass, `FIRST` or `SECOND`."""
        units = [unit for unit in self.units if unit.passes in (PASSES[0], which)]
        key = f"{stage.positive}{stage.negative}{[unit.number for unit in units]}"
        if key not in self.done:
            led = stage
            for unit in units:
                led = self._led(led, unit)
            self.done[key] = led
        return replace(self.done[key], cfg=stage.cfg)

    def _led(self, stage: Stage, unit: Unit) -> Stage:
        if unit.number not in self.made:
            self.made[unit.number] = self._net(unit), self._hint(unit)
        net, hint = self.made[unit.number]
        applied = self.make.add(
            "ControlNetApplyAdvanced",
            f"ControlNet {unit.number}",
            positive=stage.positive,
            negative=stage.negative,
            control_net=net,
            image=hint,
            strength=min(unit.weight, 10.0),
            start_percent=unit.start,
            end_percent=unit.end,
        )
        one_sided = unit.mode == MODES[2]
        return replace(stage, positive=[applied, 0], negative=stage.negative if one_sided else [applied, 1])

    def _net(self, unit: Unit) -> Link:
        name, hash = named_model(unit.model)
        found = self.make.models.find("controlnet", name, hash)
        if unit.mode != MODES[0]:
            self.make.warn(f"ControlNet {unit.number}: {unit.mode!r} also weakens fine detail there; here it does not")
        return [self.make.add("ControlNetLoader", control_net_name=found or f"{name}{NOT_FOUND_ENDING}"), 0]

    def _hint(self, unit: Unit) -> Link:
        """The picture as the network takes it. It is cut to the size of the latent, where nothing else is said."""
        picture = f"controlnet_{unit.number}.png"
        self.make.warn(
            f"ControlNet {unit.number}: the infotext does not have the picture that it saw; choose it in Load Image"
        )
        image = self._preprocessed(
            unit, [self.make.add("LoadImage", f"For ControlNet {unit.number}", image=picture), 0]
        )
        width, height = self.size
        if unit.resize == RESIZES[0]:
            scaled = self.make.add(
                "ImageScale", image=image, upscale_method="area", width=width, height=height, crop="disabled"
            )
            return [scaled, 0]
        if unit.resize == RESIZES[2]:
            padded = self.make.add(
                "ResizeAndPadImage", image=image, target_width=width, target_height=height, padding_color="black",
                interpolation="area",
            )  # fmt: skip
            return [padded, 0]
        return image

    def _preprocessed(self, unit: Unit, image: Link) -> Link:
        if unit.module == NONE or (unit.module == TILE and unit.threshold_a < UNTOUCHED):
            return image
        if unit.module == INVERT:
            return [self.make.add("ImageInvert", image=image), 0]
        if unit.module == TILE:
            factor = max(1 / unit.threshold_a, 0.01)
            return [self.make.add("ImageScaleBy", image=image, upscale_method="area", scale_by=factor), 0]
        resolution = min(max(min(self.size) if unit.pixel_perfect else unit.resolution, 64), 16384)
        known = PREPROCESSORS.get(unit.module)
        if known is not None and known.node in self.make.schemas:
            said = zip(known.thresholds, (unit.threshold_a, unit.threshold_b), strict=False)
            inputs = {name: _plain(value) for name, value in said if value != UNSAID}
            return [self.make.add(known.node, image=image, **inputs, resolution=resolution), 0]
        stand_in = next((node for begin, node in STAND_INS.items() if unit.module.startswith(begin)), None)
        if stand_in in self.make.schemas:
            self.make.warn(f"ControlNet {unit.number}: {stand_in} stands in for {unit.module}, which needs a network")
            more = {"sigma": 1.5} if stand_in == "SoftEdges" else {}
            return [self.make.add(str(stand_in), image=image, **more, resolution=resolution), 0]
        self.make.warn(
            f"ControlNet {unit.number}: there is no node for the preprocessor {unit.module}; load what it made of the "
            "picture, or put a node of a pack behind Load Image"
        )
        return image

    def _is_known(self, unit: Unit) -> bool:
        if unit.module.startswith(NOT_CONTROLNETS) or unit.model.casefold() == "none":
            self.make.warn(f"ControlNet {unit.number} ({unit.module}, {unit.model}) is left out: it is no ControlNet")
            return False
        return True


def _plain(value: float) -> float:
    """A threshold as nodes take it: up to 255, and whole where it is."""
    return min(int(value), 255) if value.is_integer() else value
