"""Types whose values are typed in, or made with a widget of their own."""

from __future__ import annotations

from enum import Enum, StrEnum
from typing import Any

from ._base import ComfyType, WidgetInput, without_none


class NumberDisplay(StrEnum):
    number = "number"
    slider = "slider"
    gradient_slider = "gradientslider"
    color = "color"


class ControlAfterGenerate(StrEnum):
    fixed = "fixed"
    increment = "increment"
    decrement = "decrement"
    randomize = "randomize"


def text_of(value: Any) -> Any:
    return value.value if isinstance(value, Enum) else value


class Boolean(ComfyType, io_type="BOOLEAN"):
    Type = bool

    class Input(WidgetInput):
        def __init__(
            self,
            id: str,
            display_name: str | None = None,
            optional: bool = False,
            tooltip: str | None = None,
            lazy: bool | None = None,
            default: bool | None = None,
            label_on: str | None = None,
            label_off: str | None = None,
            socketless: bool | None = None,
            force_input: bool | None = None,
            **common: Any,
        ) -> None:
            super().__init__(
                id, display_name, optional, tooltip, lazy, default, socketless, force_input=force_input, **common
            )
            self.labels = without_none(label_on=label_on, label_off=label_off)

        def own_options(self) -> dict[str, Any]:
            return super().own_options() | self.labels


class Int(ComfyType, io_type="INT"):
    Type = int

    class Input(WidgetInput):
        def __init__(
            self,
            id: str,
            display_name: str | None = None,
            optional: bool = False,
            tooltip: str | None = None,
            lazy: bool | None = None,
            default: int | None = None,
            min: int | None = None,
            max: int | None = None,
            step: int | None = None,
            control_after_generate: bool | ControlAfterGenerate | None = None,
            display_mode: NumberDisplay | None = None,
            socketless: bool | None = None,
            force_input: bool | None = None,
            **common: Any,
        ) -> None:
            super().__init__(
                id, display_name, optional, tooltip, lazy, default, socketless, force_input=force_input, **common
            )
            self.min, self.max, self.step = min, max, step
            self.control_after_generate = control_after_generate
            self.display_mode = display_mode

        def own_options(self) -> dict[str, Any]:
            return super().own_options() | without_none(
                min=self.min,
                max=self.max,
                step=self.step,
                control_after_generate=text_of(self.control_after_generate),
                display=text_of(self.display_mode),
            )


class Float(ComfyType, io_type="FLOAT"):
    Type = float

    class Input(WidgetInput):
        def __init__(
            self,
            id: str,
            display_name: str | None = None,
            optional: bool = False,
            tooltip: str | None = None,
            lazy: bool | None = None,
            default: float | None = None,
            min: float | None = None,
            max: float | None = None,
            step: float | None = None,
            round: float | None = None,
            display_mode: NumberDisplay | None = None,
            gradient_stops: list[dict[str, Any]] | None = None,
            socketless: bool | None = None,
            force_input: bool | None = None,
            **common: Any,
        ) -> None:
            super().__init__(
                id, display_name, optional, tooltip, lazy, default, socketless, force_input=force_input, **common
            )
            self.min, self.max, self.step, self.round = min, max, step, round
            self.display_mode = display_mode
            self.gradient_stops = gradient_stops

        def own_options(self) -> dict[str, Any]:
            return super().own_options() | without_none(
                min=self.min,
                max=self.max,
                step=self.step,
                round=self.round,
                display=text_of(self.display_mode),
                gradient_stops=self.gradient_stops,
            )


class String(ComfyType, io_type="STRING"):
    Type = str

    class Input(WidgetInput):
        def __init__(
            self,
            id: str,
            display_name: str | None = None,
            optional: bool = False,
            tooltip: str | None = None,
            lazy: bool | None = None,
            multiline: bool = False,
            placeholder: str | None = None,
            default: str | None = None,
            dynamic_prompts: bool | None = None,
            socketless: bool | None = None,
            force_input: bool | None = None,
            **common: Any,
        ) -> None:
            super().__init__(
                id, display_name, optional, tooltip, lazy, default, socketless, force_input=force_input, **common
            )
            self.multiline = multiline
            self.placeholder = placeholder
            self.dynamic_prompts = dynamic_prompts

        def own_options(self) -> dict[str, Any]:
            return super().own_options() | without_none(
                multiline=self.multiline, placeholder=self.placeholder, dynamicPrompts=self.dynamic_prompts
            )


class Color(ComfyType, io_type="COLOR"):
    Type = str
    Input = WidgetInput


class Colors(ComfyType, io_type="COLORS"):
    Type = list
    Input = WidgetInput


class BoundingBox(ComfyType, io_type="BOUNDING_BOX"):
    Type = dict
    Input = WidgetInput


class BoundingBoxes(ComfyType, io_type="BOUNDING_BOXES"):
    Type = list
    Input = WidgetInput


class Curve(ComfyType, io_type="CURVE"):
    Type = list
    Input = WidgetInput


class Range(ComfyType, io_type="RANGE"):
    Type = dict
    Input = WidgetInput


class Webcam(ComfyType, io_type="WEBCAM"):
    Type = str
    Input = WidgetInput


class ImageCompare(ComfyType, io_type="IMAGECOMPARE"):
    Type = dict

    class Input(WidgetInput):
        def __init__(self, id: str, *arguments: Any, socketless: bool = True, **common: Any) -> None:
            super().__init__(id, *arguments, socketless=socketless, **common)


class Compositor(ComfyType, io_type="COMPOSITOR"):
    Type = dict
    Input = WidgetInput


class Load3D(ComfyType, io_type="LOAD_3D"):
    Type = dict
    Input = WidgetInput


class Load3DAnimation(ComfyType, io_type="LOAD_3D_ANIMATION"):
    Type = dict
    Input = WidgetInput
