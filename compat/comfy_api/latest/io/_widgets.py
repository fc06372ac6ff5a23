"""Types whose values can be typed in or picked."""

from __future__ import annotations

from enum import Enum, StrEnum
from typing import Any

from ._base import ComfyType, Input, Output, WidgetInput, without_none


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


class UploadType(StrEnum):
    image = "image_upload"
    audio = "audio_upload"
    video = "video_upload"
    model = "file_upload"


class FolderType(StrEnum):
    input = "input"
    output = "output"
    temp = "temp"


def text_of(value: Any) -> Any:
    return value.value if isinstance(value, Enum) else value


class RemoteOptions:
    """Where the editor asks for a combo's values."""

    def __init__(
        self,
        route: str,
        refresh_button: bool,
        control_after_refresh: str = "first",
        timeout: int | None = None,
        max_retries: int | None = None,
        refresh: int | None = None,
    ) -> None:
        self.options = without_none(
            route=route,
            refresh_button=refresh_button,
            control_after_refresh=control_after_refresh,
            timeout=timeout,
            max_retries=max_retries,
            refresh=refresh,
        )

    def as_dict(self) -> dict[str, Any]:
        return self.options


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


def values_of(options: Any) -> list[Any]:
    """A combo's values, given as a list or as an Enum class."""
    if isinstance(options, type) and issubclass(options, Enum):
        return [one.value for one in options]
    return list(options or ())


class Combo(ComfyType, io_type="COMBO"):
    Type = str

    class Input(WidgetInput):
        def __init__(
            self,
            id: str,
            options: Any = None,
            display_name: str | None = None,
            optional: bool = False,
            tooltip: str | None = None,
            lazy: bool | None = None,
            default: Any = None,
            control_after_generate: bool | ControlAfterGenerate | None = None,
            upload: UploadType | None = None,
            image_folder: FolderType | None = None,
            remote: RemoteOptions | None = None,
            socketless: bool | None = None,
            **common: Any,
        ) -> None:
            super().__init__(id, display_name, optional, tooltip, lazy, text_of(default), socketless, **common)
            self.options = values_of(options)
            self.control_after_generate = control_after_generate
            self.upload = upload
            self.image_folder = image_folder
            self.remote = remote

        def own_options(self) -> dict[str, Any]:
            return super().own_options() | without_none(
                multiselect=False,
                options=self.options,
                control_after_generate=text_of(self.control_after_generate),
                **({text_of(self.upload): True} if self.upload is not None else {}),
                image_folder=text_of(self.image_folder),
                remote=self.remote.as_dict() if self.remote is not None else None,
            )

    class Output(Output):
        def __init__(
            self,
            id: str | None = None,
            display_name: str | None = None,
            options: Any = None,
            tooltip: str | None = None,
            is_output_list: bool = False,
        ) -> None:
            super().__init__(id, display_name, tooltip, is_output_list)
            self.options = values_of(options)


class MultiCombo(ComfyType, io_type="COMBO"):
    Type = list

    class Input(Combo.Input):
        def __init__(
            self,
            id: str,
            options: Any,
            display_name: str | None = None,
            optional: bool = False,
            tooltip: str | None = None,
            lazy: bool | None = None,
            default: list[Any] | None = None,
            placeholder: str | None = None,
            chip: bool | None = None,
            control_after_generate: bool | ControlAfterGenerate | None = None,
            socketless: bool | None = None,
            **common: Any,
        ) -> None:
            super().__init__(
                id, options, display_name, optional, tooltip, lazy, default, socketless=socketless, **common
            )
            self.control_after_generate = control_after_generate
            self.multi_select = without_none(placeholder=placeholder, chip=chip)

        def own_options(self) -> dict[str, Any]:
            return super().own_options() | {"multiselect": True, "multi_select": self.multi_select}


class MultiType:
    """An input of one of several types; based on a widget input, it can be typed in as that one."""

    Type = Any

    class Input(Input):
        def __init__(
            self,
            id: str | Input,
            types: list[Any],
            display_name: str | None = None,
            optional: bool = False,
            tooltip: str | None = None,
            lazy: bool | None = None,
            extra_dict: dict[str, Any] | None = None,
            raw_link: bool | None = None,
            advanced: bool | None = None,
        ) -> None:
            self.widget = id if isinstance(id, WidgetInput) else None
            base = id if isinstance(id, Input) else None
            super().__init__(
                base.id if base is not None else str(id),
                display_name or (base.display_name if base is not None else None),
                optional or (base.optional if base is not None else False),
                tooltip or (base.tooltip if base is not None else None),
                lazy,
                extra_dict,
                raw_link,
                advanced,
            )
            self.types = [*([type(base)] if base is not None else []), *types]

        def get_io_type(self) -> str:
            return ",".join(dict.fromkeys(one.io_type for one in self.types))

        def own_options(self) -> dict[str, Any]:
            if self.widget is None:
                return {}
            return self.widget.own_options() | {"widgetType": self.widget.get_io_type()}


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
