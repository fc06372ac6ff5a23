"""The units of A1111's ControlNet extension, as they stand in an infotext: `ControlNet 0: "Module: canny, Model: …"`.

Before it had that form, the extension wrote `preprocessor: canny, model: …, starting/ending: (0, 1)`, and before that
a field for each setting (`ControlNet-0 Module`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import NamedTuple

from comfy_core.infotext.grammar import pairs_of

NAME = re.compile(r"ControlNet(?:[ -](\d{1,2}))?")
OLDEST = re.compile(r"ControlNet(?:-(\d{1,2}))? (Enabled|Module|Preprocessor|Model|Weight|Guidance Start|Guidance End)")
SYNONYMS = {"preprocessor": "module", "guidance strength": "weight"}
SPAN = re.compile(r"starting/ending: \(([\d.]{1,8}), ([\d.]{1,8})\)")
PARAMETERS = re.compile(r"preprocessor params: \((-?[\d.]{1,8}), (-?[\d.]{1,8}), (-?[\d.]{1,8})\)")
PROCESSOR_RES = 512
LARGEST = 16384
UNSAID = -1.0
MODES = ("Balanced", "My prompt is more important", "ControlNet is more important")
RESIZES = ("Just Resize", "Crop and Resize", "Resize and Fill")
PASSES = ("Both", "Low res only", "High res only")
INVERT, TILE, NONE = "invert", "tile_resample", "none"


class Preprocessor(NamedTuple):
    """A node that makes a hint of a picture at a `resolution`, and its inputs for the extension's thresholds."""

    node: str
    thresholds: tuple[str, ...] = ()


PREPROCESSORS = {
    "canny": Preprocessor("CannyEdgePreprocessor", ("low_threshold", "high_threshold")),
    "scribble_xdog": Preprocessor("Scribble_XDoG_Preprocessor", ("threshold",)),
    "lineart_standard": Preprocessor("LineartStandardPreprocessor"),
    "threshold": Preprocessor("BinaryPreprocessor", ("bin_threshold",)),
    "t2ia_color_grid": Preprocessor("ColorPreprocessor"),
    "color": Preprocessor("ColorPreprocessor"),
    "shuffle": Preprocessor("ShufflePreprocessor"),
    "recolor_luminance": Preprocessor("ImageLuminanceDetector", ("gamma_correction",)),
    "recolor_intensity": Preprocessor("ImageIntensityDetector", ("gamma_correction",)),
}
"""By the extension's names."""


@dataclass(frozen=True)
class Unit:
    """A ControlNet, how its hint is made of a picture, and how much and when it counts. What the thresholds are depends
    on the module; -1 is its own default."""

    number: int
    module: str
    model: str
    weight: float = 1.0
    start: float = 0.0
    end: float = 1.0
    resize: str = RESIZES[1]
    mode: str = MODES[0]
    passes: str = PASSES[0]
    resolution: int = PROCESSOR_RES
    threshold_a: float = UNSAID
    threshold_b: float = UNSAID
    pixel_perfect: bool = False


def is_unit(name: str) -> bool:
    """Whether a field of an infotext is a unit's, or a part of one."""
    return NAME.fullmatch(name) is not None or OLDEST.fullmatch(name) is not None


def units_of(fields: dict[str, str]) -> list[Unit]:
    """The units in an infotext's fields, in the order of their numbers."""
    said: dict[int, dict[str, str]] = {}
    for name, value in fields.items():
        if match := NAME.fullmatch(name):
            said.setdefault(int(match[1] or 0), {}).update(_settings(value))
        elif match := OLDEST.fullmatch(name):
            said.setdefault(int(match[1] or 0), {})[match[2].lower()] = value
    return [_unit(number, settings) for number, settings in sorted(said.items()) if settings.get("enabled") != "False"]


def write_unit(unit: Unit) -> str:
    """The value of a unit's field, as the extension writes it."""
    thresholds = {"Threshold A": unit.threshold_a, "Threshold B": unit.threshold_b}
    settings = {
        "Module": unit.module,
        "Model": unit.model,
        "Weight": f"{unit.weight:g}",
        "Resize Mode": unit.resize,
        "Processor Res": unit.resolution,
        **{name: f"{value:g}" for name, value in thresholds.items() if value != UNSAID},
        "Guidance Start": f"{unit.start:g}",
        "Guidance End": f"{unit.end:g}",
        "Pixel Perfect": unit.pixel_perfect,
        "Control Mode": unit.mode,
        "Hr Option": unit.passes,
    }
    return ", ".join(f"{name}: {value}" for name, value in settings.items())


def _settings(text: str) -> dict[str, str]:
    settings = {name.lower(): value for name, value in pairs_of(text).items()}
    if span := SPAN.search(text):
        settings |= {"guidance start": span[1], "guidance end": span[2]}
    if numbers := PARAMETERS.search(text):
        settings |= {"processor res": numbers[1], "threshold a": numbers[2], "threshold b": numbers[3]}
    return settings


def _unit(number: int, settings: dict[str, str]) -> Unit:
    settings = {SYNONYMS.get(name, name): value for name, value in settings.items()}
    return Unit(
        number=number,
        module=re.sub(r"\s*\(.*", "", settings.get("module", "")).casefold() or "none",
        model=settings.get("model", "None"),
        weight=_number(settings, "weight", 1.0),
        start=_number(settings, "guidance start", 0.0),
        end=min(_number(settings, "guidance end", 1.0), 1.0),
        resize=_choice(settings, "resize mode", RESIZES, RESIZES[1]),
        mode=_choice(settings, "control mode", MODES, MODES[0]),
        passes=_choice(settings, "hr option", PASSES, PASSES[0]),
        resolution=int(_number(settings, "processor res", PROCESSOR_RES)),
        threshold_a=_number(settings, "threshold a", UNSAID),
        threshold_b=_number(settings, "threshold b", UNSAID),
        pixel_perfect=settings.get("pixel perfect") == "True",
    )


def _number(settings: dict[str, str], name: str, default: float) -> float:
    try:
        value = float(settings.get(name, ""))
    except ValueError:
        return default
    return value if 0 <= value <= LARGEST else default


def _choice(settings: dict[str, str], name: str, choices: tuple[str, ...], default: str) -> str:
    """One of the choices by its words, its place, or its name in the extension's program (`HiResFixOption.BOTH`)."""
    said = settings.get(name, "").rpartition(".")[2].replace("_", " ").casefold()
    return next((one for place, one in enumerate(choices) if said in (one.casefold(), str(place))), default)
