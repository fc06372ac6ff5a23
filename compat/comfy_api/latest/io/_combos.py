"""Types whose values are picked from a list, or that are one of several types."""

from __future__ import annotations

from enum import Enum, StrEnum
from typing import Any

from ._base import ComfyType, Input, Output, WidgetInput, without_none
from ._widgets import ControlAfterGenerate, text_of


class UploadType(StrEnum):
    image = "image_upload"
    audio = "audio_upload"
    video = "video_upload"
    model = "file_upload"


class FolderType(StrEnum):
    input = "input"
    output = "output"
    temp = "temp"


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
