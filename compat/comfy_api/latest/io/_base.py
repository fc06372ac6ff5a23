"""Types of values, and the inputs and outputs that nodes declare with them.

A type is a class such as `io.Image`: `io.Image.Input("image")` declares an input, `io.Image.Output()` an output,
`io.Image.io_type` is its name in graphs.
"""

from __future__ import annotations

from typing import Any, ClassVar


def without_none(**options: Any) -> dict[str, Any]:
    """The options that are set."""
    return {key: value for key, value in options.items() if value is not None}


class Input:
    """A declared input. Its options come in the order of the ecosystem's catalogue."""

    io_type: ClassVar[str] = "*"

    def __init__(
        self,
        id: str,
        display_name: str | None = None,
        optional: bool = False,
        tooltip: str | None = None,
        lazy: bool | None = None,
        extra_dict: dict[str, Any] | None = None,
        raw_link: bool | None = None,
        advanced: bool | None = None,
    ) -> None:
        self.id = id
        self.display_name = display_name
        self.optional = optional
        self.tooltip = tooltip
        self.lazy = lazy
        self.extra_dict = extra_dict or {}
        self.rawLink = raw_link
        self.advanced = advanced

    def get_io_type(self) -> str:
        return self.io_type

    def as_dict(self) -> dict[str, Any]:
        """The options as `/object_info` shows them."""
        common = without_none(
            display_name=self.display_name,
            tooltip=self.tooltip,
            lazy=self.lazy,
            rawLink=self.rawLink,
            advanced=self.advanced,
        )
        return common | self.own_options() | self.extra_dict

    def own_options(self) -> dict[str, Any]:
        return {}


class WidgetInput(Input):
    """An input that can be typed in as well as linked."""

    def __init__(
        self,
        id: str,
        display_name: str | None = None,
        optional: bool = False,
        tooltip: str | None = None,
        lazy: bool | None = None,
        default: Any = None,
        socketless: bool | None = None,
        widget_type: str | None = None,
        force_input: bool | None = None,
        extra_dict: dict[str, Any] | None = None,
        raw_link: bool | None = None,
        advanced: bool | None = None,
    ) -> None:
        super().__init__(id, display_name, optional, tooltip, lazy, extra_dict, raw_link, advanced)
        self.default = default
        self.socketless = socketless
        self.widget_type = widget_type
        self.force_input = force_input

    def own_options(self) -> dict[str, Any]:
        return without_none(
            default=self.default,
            socketless=self.socketless,
            widgetType=self.widget_type,
            forceInput=self.force_input,
        )

    def get_io_type(self) -> str:
        return self.widget_type if self.widget_type is not None else self.io_type


class Output:
    """A declared output. Its name in the graph is `display_name`, else `id`, else its type."""

    io_type: ClassVar[str] = "*"

    def __init__(
        self,
        id: str | None = None,
        display_name: str | None = None,
        tooltip: str | None = None,
        is_output_list: bool = False,
    ) -> None:
        self.id = id
        self.display_name = display_name if display_name else id
        self.tooltip = tooltip
        self.is_output_list = is_output_list

    def get_io_type(self) -> str:
        return self.io_type


class ComfyType:
    """A type of values. A subclass states its name and, where it has more than a socket, its own Input or Output."""

    io_type: ClassVar[str] = "*"
    Type: ClassVar[Any] = Any
    Input: ClassVar[Any] = Input
    Output: ClassVar[Any] = Output

    def __init_subclass__(cls, io_type: str | None = None, **options: Any) -> None:
        super().__init_subclass__(**options)
        if io_type is not None:
            cls.io_type = io_type
            members = {"io_type": io_type, "Parent": cls, "Type": cls.Type}
            cls.Input = type("Input", (cls.Input,), members)
            cls.Output = type("Output", (cls.Output,), members)


ComfyTypeI = ComfyType
ComfyTypeIO = ComfyType


def socket(name: str, io_type: str) -> Any:
    """A type that has nothing but a socket."""
    return type(name, (ComfyType,), {"__module__": "comfy_api.latest.io"}, io_type=io_type)
