"""Lazy inputs, blockers, expansion, loops."""

from comfy_execution.graph import ExecutionBlocker
from comfy_execution.graph_utils import GraphBuilder, is_link
from comfy_execution.utils import get_executing_context

from .plain import Classic, calls


class Switch(Classic):
    @classmethod
    def INPUT_TYPES(cls):
        lazy = ("NUMBER", {"lazy": True})
        return {"required": {"on": ("BOOLEAN", {})}, "optional": {"yes": lazy, "no": lazy}}

    def check_lazy_status(self, on, yes=None, no=None):
        calls.append("ask")
        return ["yes" if on else "no"]

    def run(self, on, yes=None, no=None):
        return (yes if on else no,)


class LazyWithoutQuestion(Classic):
    """Declares lazy inputs and never says which it needs."""

    INPUT_TYPES = Switch.INPUT_TYPES
    run = Switch.run


class GreedyLazy(Switch):
    def check_lazy_status(self, on, yes=None, no=None):
        return ["on", "somewhere"]


class Block(Classic):
    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {"value": ("NUMBER",), "from_value": ("INT", {"default": 0}), "message": ("STRING", {})}}

    def run(self, value, from_value, message):
        return (ExecutionBlocker(message or None) if value >= from_value else value,)


class BlockAll(Classic):
    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {}}

    RETURN_TYPES = ("NUMBER", "NUMBER")

    def run(self):
        return ExecutionBlocker(None)


class Double(Classic):
    """Adds a value to itself by means of two nodes that it expands to."""

    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {"value": ("NUMBER", {"rawLink": True})}}

    def run(self, value):
        assert is_link(value)
        calls.append("ClassicDouble")
        graph = GraphBuilder()
        total = graph.node("ClassicAdd", a=value, b=value)
        graph.node("ClassicShow", value=total.out(0))
        return {"result": (total.out(0),), "expand": graph.finalize(), "ui": {"note": ["doubled"]}}


class Add(Classic):
    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {"a": ("NUMBER",), "b": ("NUMBER",)}}

    def run(self, a, b):
        calls.append("ClassicAdd")
        return (a + b,)


class CountDown(Classic):
    """A loop: each round is one more node, until nothing is left."""

    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {"left": ("INT", {}), "total": ("NUMBER",)}}

    def run(self, left, total):
        if left == 0:
            return (total,)
        graph = GraphBuilder()
        one = graph.node("ClassicNumber", value=1)
        more = graph.node("ClassicAdd", a=total, b=one.out(0))
        again = graph.node("ClassicCountDown", left=left - 1, total=more.out(0))
        return {"result": (again.out(0),), "expand": graph.finalize()}


class ForEach(Classic):
    """Expands once for each item of a list."""

    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {"value": ("NUMBER",)}}

    def run(self, value):
        graph = GraphBuilder()
        return {"result": (graph.node("ClassicMany", count=value).out(0),), "expand": graph.finalize()}


class Shown(Classic):
    """Its inner node is shown under another id."""

    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {"display": ("STRING", {}), "fails": ("BOOLEAN", {"default": False})}}

    def run(self, display, fails):
        graph = GraphBuilder()
        inner = graph.node("ClassicBroken") if fails else graph.node("ClassicNumber", value=3)
        inner.set_override_display_id(display)
        return {"result": (inner.out(0),), "expand": graph.finalize()}


class Broken(Classic):
    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {}}

    def run(self):
        raise ValueError("no good")


class Circle(Classic):
    """Two nodes that wait for each other."""

    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {}}

    def run(self):
        graph = GraphBuilder()
        first, second = graph.node("ClassicAdd", b=1), graph.node("ClassicAdd", b=1)
        first.set_input("a", second.out(0))
        second.set_input("a", first.out(0))
        return {"result": (first.out(0),), "expand": graph.finalize()}


class WrongGraph(Classic):
    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {"class_type": ("STRING", {}), "source": ("STRING", {})}}

    def run(self, class_type, source):
        graph = {"inner": {"class_type": class_type, "inputs": {"a": [source, 0], "b": 1}}}
        return {"result": (["inner", 0],), "expand": graph}


class Where(Classic):
    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {"value": ("NUMBER",)}}

    def run(self, value):
        return (tuple(get_executing_context()),)


FLOW = {
    "ClassicSwitch": Switch,
    "ClassicLazyWithoutQuestion": LazyWithoutQuestion,
    "ClassicGreedyLazy": GreedyLazy,
    "ClassicBlock": Block,
    "ClassicBlockAll": BlockAll,
    "ClassicDouble": Double,
    "ClassicAdd": Add,
    "ClassicCountDown": CountDown,
    "ClassicForEach": ForEach,
    "ClassicShown": Shown,
    "ClassicBroken": Broken,
    "ClassicCircle": Circle,
    "ClassicWrongGraph": WrongGraph,
    "ClassicWhere": Where,
}
