"""Inputs, outputs, lists, checks, instances."""

import asyncio

calls: list[str] = []
options = ["a", "b"]


class AnyType(str):
    """The widespread way to make an input of any type."""

    def __ne__(self, other):
        return False


class EveryName(dict):
    """The widespread way to take inputs of any name."""

    def __contains__(self, name):
        return True

    def __getitem__(self, name):
        return (AnyType("*"),)


class Classic:
    RETURN_TYPES = ("NUMBER",)
    FUNCTION = "run"
    CATEGORY = "classic"


class Number(Classic):
    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {"value": ("INT", {"default": 1, "min": 0, "max": 10})}}

    def run(self, value):
        calls.append("ClassicNumber")
        return (value,)


class Types:
    @classmethod
    def INPUT_TYPES(cls):
        return {
            "required": {
                "i": ("INT", {"default": 1, "min": 0, "max": 10}),
                "c": (options, {"default": "a"}),
                "n": ("NUMBER",),
            },
            "optional": {"combo": ("COMBO", {"options": [1, 2]})},
            "hidden": {"me": "UNIQUE_ID", "info": "EXTRA_PNGINFO", "prompt": "PROMPT", "dyn": "DYNPROMPT"},
        }

    RETURN_TYPES = ("INT", ["x", "y"])
    RETURN_NAMES = ("number", "choice")
    OUTPUT_TOOLTIPS = ("a number", "one of two")
    OUTPUT_IS_LIST = (False, False)
    OUTPUT_NODE = True
    FUNCTION = "go"
    CATEGORY = "classic"
    DESCRIPTION = "All kinds of inputs."
    DEPRECATED = True
    SEARCH_ALIASES = ["kinds"]

    def go(self, i, c, n, me, info, prompt, dyn, combo=None):
        said = [me, info, sorted(prompt) == sorted(dyn.all_node_ids()), dyn.get_node(me)["class_type"]]
        return {"ui": {"said": said}, "result": (i, "x")}


class Show(Classic):
    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {"value": (AnyType("*"), {})}}

    RETURN_TYPES = ()
    OUTPUT_NODE = True

    def run(self, value):
        calls.append("ClassicShow")
        return {"ui": {"text": [str(value)]}}


class ShowAll(Show):
    INPUT_IS_LIST = True

    def run(self, value):
        return {"ui": {"text": [repr(value)]}}


class Many(Classic):
    """A list of numbers, each going on by itself."""

    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {"count": ("INT", {"default": 3})}}

    OUTPUT_IS_LIST = (True,)

    def run(self, count):
        return (list(range(count)),)


class Join(Classic):
    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {"a": ("NUMBER",), "b": ("NUMBER",)}, "hidden": {"me": "UNIQUE_ID"}}

    RETURN_TYPES = ("STRING",)

    def run(self, a, b, me):
        return (f"{a}/{b}",)


class Less(Classic):
    RETURN_TYPES = ("BOOLEAN",)

    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {"a": ("NUMBER",), "b": ("INT", {})}}

    def run(self, a, b):
        return (a < b,)


class Sum(Classic):
    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {"values": ("NUMBER",), "times": ("INT", {"default": 1})}, "hidden": {"me": "UNIQUE_ID"}}

    INPUT_IS_LIST = True

    def run(self, values, times, me):
        assert len(me) == 1
        return (sum(values) * times[0],)


class Counter(Classic):
    """Counts its own runs: the instance stays while the node does."""

    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {}}

    def __init__(self):
        self.runs = 0

    @classmethod
    def IS_CHANGED(cls):
        return float("nan")

    def run(self):
        self.runs += 1
        return (self.runs,)


class Watched(Classic):
    seen: list = []
    state = "same"

    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {"value": ("INT", {}), "link": ("NUMBER",)}}

    @classmethod
    def IS_CHANGED(cls, value, link):
        cls.seen.append((value, link))
        return cls.state

    def run(self, value, link):
        calls.append("ClassicWatched")
        return (value,)


class Checked(Classic):
    """Takes even numbers only, also beyond its declared range."""

    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {"value": ("INT", {"min": 0, "max": 10}), "other": ("INT", {"min": 0, "max": 10})}}

    OUTPUT_NODE = True

    @classmethod
    def VALIDATE_INPUTS(cls, value):
        return True if value is None or value % 2 == 0 else "it is odd"

    def run(self, value, other):
        return (value,)


class CheckedTypes(Classic):
    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {"value": ("NUMBER",)}}

    OUTPUT_NODE = True

    @classmethod
    def VALIDATE_INPUTS(cls, input_types, **inputs):
        return input_types == {"value": "STRING"} and inputs == {"value": None}

    def run(self, value):
        return (value,)


class CheckedLater(Checked):
    @classmethod
    async def VALIDATE_INPUTS(cls, **inputs):
        await asyncio.sleep(0)
        return sum(value for value in inputs.values() if value) < 10


class CheckedBadly(Checked):
    """Its check fails itself, over a file beside this one."""

    OUTPUT_NODE = False

    @classmethod
    def VALIDATE_INPUTS(cls, value):
        raise FileNotFoundError(f"no such file: {__file__}.txt")


class CheckedBadlyAtTheEnd(CheckedBadly):
    OUTPUT_NODE = True


class TakesAll(Classic):
    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {}, "optional": EveryName()}

    RETURN_TYPES = (AnyType("*"),)

    def run(self, **inputs):
        return (sorted(inputs.items()),)


class Sloppy(Classic):
    """Returns a list instead of a tuple, and more than it has outputs."""

    @classmethod
    def INPUT_TYPES(cls):
        return {}

    def run(self):
        return [5, 6]


class Individual(Classic):
    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {}}

    NOT_IDEMPOTENT = True

    def run(self):
        calls.append("ClassicIndividual")
        return (1,)


class Later(Classic):
    """Waits without working, and goes on waiting `until` there were so many calls."""

    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {"value": ("INT", {}), "seconds": ("FLOAT", {}), "until": ("INT", {})}}

    async def run(self, value, seconds, until):
        calls.append(f"begin {value}")
        await asyncio.sleep(seconds)
        async with asyncio.timeout(60):
            while len(calls) < until:
                await asyncio.sleep(0.001)
        if value < 0:
            raise ValueError("negative")
        calls.append(f"end {value}")
        return (value,)


PLAIN = {
    "ClassicNumber": Number,
    "ClassicTypes": Types,
    "ClassicShow": Show,
    "ClassicShowAll": ShowAll,
    "ClassicMany": Many,
    "ClassicJoin": Join,
    "ClassicSum": Sum,
    "ClassicLess": Less,
    "ClassicCounter": Counter,
    "ClassicWatched": Watched,
    "ClassicChecked": Checked,
    "ClassicCheckedTypes": CheckedTypes,
    "ClassicCheckedLater": CheckedLater,
    "ClassicCheckedBadly": CheckedBadly,
    "ClassicCheckedBadlyAtTheEnd": CheckedBadlyAtTheEnd,
    "ClassicTakesAll": TakesAll,
    "ClassicSloppy": Sloppy,
    "ClassicIndividual": Individual,
    "ClassicLater": Later,
}
