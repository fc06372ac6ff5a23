"""How a signature says what an input or output of a node is: markers in the annotations of its parameters.

Fields of widgets (`Int`, `String` …) are options of the ecosystem's catalogue, by the names that they have there.
Import the markers from `nodes.schema`; `nodes.annotations` reads them. Neither module imports torch.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

from nodes.node import MATCH

UINT64_MAX = 2**64 - 1


def given(**options: Any) -> dict[str, Any]:
    """The options that are set."""
    return {name: value for name, value in options.items() if value}


@dataclass(frozen=True)
class Socket:
    """A value that only comes through a link, of the ecosystem's type name (`"MODEL"`, `"IMAGE"` …).

    With `raw_link` the node gets the link itself, and what it leads to need not run.
    """

    type: str
    tooltip: str = ""
    lazy: bool = False
    raw_link: bool = False
    display_name: str = ""

    @property
    def options(self) -> dict[str, Any]:
        return given(lazy=self.lazy, rawLink=self.raw_link, display_name=self.display_name)


@dataclass(frozen=True)
class Match:
    """A value of any type, or one of the `allowed`, the same for all inputs and outputs of one `template`."""

    template: str
    lazy: bool = False
    tooltip: str = ""
    allowed: str = "*"
    raw_link: bool = False

    @property
    def options(self) -> dict[str, Any]:
        template = {"template_id": self.template, "allowed_types": self.allowed}
        return given(lazy=self.lazy, rawLink=self.raw_link, template=template)


@dataclass(frozen=True)
class Grow:
    """As many values as one likes, given as a dictionary; inputs are named `prefix0`, `prefix1` … or by `names`."""

    name: str
    prefix: str = ""
    type: str | Match = "*"
    min: int = 1
    max: int = 10
    tooltip: str = ""
    names: tuple[str, ...] = ()
    raw_link: bool = False

    @property
    def options(self) -> dict[str, Any]:
        one = [MATCH, self.type.options] if isinstance(self.type, Match) else [self.type, given(rawLink=self.raw_link)]
        named = {"names": list(self.names)} if self.names else {"prefix": self.prefix}
        most = {} if self.names else {"max": self.max}
        return {"template": {"input": {"required": {self.name: one}}, **named, "min": self.min, **most}}


@dataclass(frozen=True)
class Int:
    default: int | None = 0
    min: int | None = None
    max: int | None = None
    step: int | None = None
    control_after_generate: bool | str = False
    tooltip: str = ""
    advanced: bool = False
    display: str = ""
    hidden: bool = False
    socketless: bool = False
    forceInput: bool = False


@dataclass(frozen=True)
class Float:
    default: float | None = 0.0
    min: float | None = None
    max: float | None = None
    step: float | None = None
    round: float | bool | None = None
    tooltip: str = ""
    advanced: bool = False
    display: str = ""


@dataclass(frozen=True)
class String:
    default: str | None = None
    multiline: bool = False
    dynamicPrompts: bool = False
    placeholder: str = ""
    tooltip: str = ""
    forceInput: bool = False
    advanced: bool = False
    socketless: bool = False
    widgetType: str = ""
    image_upload: bool = False


@dataclass(frozen=True)
class Boolean:
    default: bool | None = False
    label_on: str = ""
    label_off: str = ""
    tooltip: str = ""
    advanced: bool = False


@dataclass(frozen=True)
class Combo:
    """One of a fixed list of strings; with None, of a list that lies in the editor alone, or that it asks for as
    `remote` says."""

    choices: tuple[str, ...] | None
    default: str | None = None
    tooltip: str = ""
    advanced: bool = False
    image_upload: bool = False
    image_folder: str = ""
    display_name: str = ""
    remote: dict[str, Any] | None = None


@dataclass(frozen=True)
class File:
    """One of the files of a folder: a model kind (`"checkpoints"`) or one of `comfy_core.folders.INPUTS`."""

    folder: str
    image_upload: bool = False
    video_upload: bool = False
    audio_upload: bool = False
    tooltip: str = ""


@dataclass(frozen=True)
class Widget:
    """A value of a type of its own that a widget of the editor makes: a colour, a box. No link brings it, unless it is
    not `socketless`."""

    type: str
    default: Any = None
    component: str = ""
    tooltip: str = ""
    socketless: bool = True
    min: float | None = None
    step: float | None = None
    forceInput: bool = False


@dataclass(frozen=True, eq=False)
class Cases:
    """One of a few words, each with inputs of its own: the node gets `{name: word, input: value …}`.

    An input is a marker, or an annotation that has one.
    """

    inputs: dict[str, dict[str, Any]]
    tooltip: str = ""
    display_name: str = ""
    hidden: bool = False


@dataclass(frozen=True)
class Hidden:
    """Filled in by the engine: `PROMPT`, `EXTRA_PNGINFO`, `UNIQUE_ID`, `DYNPROMPT`."""

    type: str


Marker = Socket | Match | Grow | Cases | Widget | Int | Float | String | Boolean | Combo | File | Hidden
Seed = Annotated[int, Int(default=0, min=0, max=UINT64_MAX, control_after_generate=True)]
