"""Nodes as they are written in a hurry: what they return, say and raise is odd."""

import asyncio
import enum
from concurrent.futures import ThreadPoolExecutor

import comfy.utils
import numpy as np
from comfy_execution.graph import ExecutionBlocker
from comfy_execution.progress import get_progress_state
from server import PromptServer

from .plain import AnyType, Classic, calls


class Text(str):
    pass


class Kind(enum.IntEnum):
    ONE = 1


def count(total, by, node_id=None):
    comfy.utils.ProgressBar(total, node_id).update(by)


SAYINGS = {
    "counts with numbers of arrays": lambda id: count(np.int64(4), np.float32(1.5)),
    "counts in double precision": lambda id: count(np.float64(4), np.float64(1.5)),
    "counts with texts": lambda id: comfy.utils.ProgressBar("4").update_absolute("1.5"),
    "counts for a node by number": lambda id: count(4, 1.5, int(id)),
    "tells the state by number": lambda id: get_progress_state().update_progress(int(id), 1.5, 4),
    "a number as text": lambda id: PromptServer.instance.send_progress_text(1.5, int(id)),
    "half a character": lambda id: PromptServer.instance.send_progress_text("\ud800", id),
    "odd data": lambda id: PromptServer.instance.send_sync(Kind.ONE, {Text("a"): [Kind.ONE, np.float64(1.5), object]}),
    "half a character in data": lambda id: PromptServer.instance.send_sync("\ud800", ["\ud83d\ude00", "\ud800"]),
}


class Says(Classic):
    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {"saying": (list(SAYINGS),)}, "hidden": {"me": "UNIQUE_ID"}}

    OUTPUT_NODE = True

    def run(self, saying, me):
        SAYINGS[saying](me)
        return (1,)


class Threads(Classic):
    """Works in a thread of its own, which tells how far it is and hears whether to stop."""

    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {}}

    OUTPUT_NODE = True

    def run(self):
        with ThreadPoolExecutor() as threads:
            return {"ui": {"text": threads.submit(self.work).result()}}

    def work(self):
        PromptServer.instance.send_progress_text("working", "1")
        count(4, 1.5)
        return [PromptServer.instance.last_node_id, PromptServer.instance.client_id]


async def answer():
    await asyncio.sleep(0)
    return "answer"


def on_a_loop_of_its_own():
    coroutine = answer()
    try:
        return asyncio.run(coroutine)
    finally:
        coroutine.close()


def on_a_new_loop():
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    try:
        return loop.run_until_complete(answer())
    finally:
        loop.close()


def on_the_loop_that_it_closes():
    loop = asyncio.get_event_loop()
    try:
        return loop.run_until_complete(answer())
    finally:
        loop.close()


def in_a_task():
    task = asyncio.create_task(answer())
    return asyncio.get_running_loop().run_until_complete(task)


def wherever_it_can():
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return "no loop"
    with ThreadPoolExecutor() as threads:
        return threads.submit(asyncio.run, answer()).result()


LOOPS = {
    "on a loop of its own": on_a_loop_of_its_own,
    "on a loop that it leaves closed": on_a_new_loop,
    "on the loop that is there": lambda: asyncio.get_event_loop().run_until_complete(answer()),
    "on the loop that it closes": on_the_loop_that_it_closes,
    "in a task": in_a_task,
    "wherever it can": wherever_it_can,
}


class Waits(Classic):
    """A function that is not async waits for some that are."""

    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {"how": (list(LOOPS),)}}

    OUTPUT_NODE = True

    def run(self, how):
        return {"ui": {"text": [LOOPS[how]()]}}


class WaitsInside(Waits):
    async def run(self, how):
        return super().run(how)


class Begins(Classic):
    """Leaves a task behind that writes down how far it came. An instance wants a loop, as network clients do."""

    def __init__(self):
        asyncio.get_running_loop()

    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {"seconds": ("FLOAT", {}), "value": ("*", {})}}

    @classmethod
    def IS_CHANGED(cls, **inputs):
        return str(asyncio.get_running_loop())

    OUTPUT_NODE = True

    def run(self, seconds, value):
        self.task = asyncio.ensure_future(self.work(seconds))
        return (value,)

    async def work(self, seconds):
        try:
            calls.append("begins")
            await asyncio.sleep(seconds)
            calls.append("ends")
        except asyncio.CancelledError:
            calls.append("is cancelled")


class Clings(Classic):
    """Leaves a task behind that has to be told to end three times."""

    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {}}

    OUTPUT_NODE = True

    def run(self):
        self.task = asyncio.ensure_future(self.work())
        return (1,)

    async def work(self):
        while len(calls) < 3:
            try:
                await asyncio.sleep(60)
            except asyncio.CancelledError:
                calls.append("goes on")


class HalfMessage(Exception):
    def __str__(self):
        return "half a character: \ud800"


class NoMessage(Exception):
    def __str__(self):
        raise RuntimeError("not even this")


def recurse(depth=0):
    return recurse(depth + 1)


def run_out():
    return next(iter(()))


def fail(error):
    raise error


FAILURES = {
    "half a character": lambda: fail(HalfMessage()),
    "no message": lambda: fail(NoMessage()),
    "an iterator that ran out": run_out,
    "without end": recurse,
    "at length": lambda: fail(ValueError("long" * 100_000)),
}


class Fails(Classic):
    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {"how": (list(FAILURES),)}}

    OUTPUT_NODE = True

    def run(self, how):
        return FAILURES[how]()


class FailsLater(Fails):
    async def run(self, how):
        return FAILURES[how]()


class Unreadable:
    """Whoever looks at it gets an error."""

    def __getattr__(self, name):
        raise RuntimeError(name)


class Hands(Classic):
    """Hands on what it got; what nobody can look at, to begin with."""

    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {}, "optional": {"value": ("*", {})}}

    def run(self, value=None):
        return (value or Unreadable(),)


class Refuses(Hands):
    OUTPUT_NODE = True

    def run(self, value):
        raise ValueError("not this")


SHOWN = {
    "a list": ["a"],
    "a text": "a",
    "a number": 5,
    "nothing": None,
    "an empty dictionary": {},
    "numbers": {"x": [Kind.ONE, np.float64(1.5), np.int64(2), np.bool_(True)], Text("y"): (Text("z"),)},
    "half a character": {"x": ["\ud800"]},
    "a word": {"text": "word", "none": None},
}


class Shows(Classic):
    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {"what": (list(SHOWN),)}}

    OUTPUT_NODE = True

    def run(self, what):
        return {"ui": SHOWN[what], "result": (1,)}


GRAPHS = {
    "the builder": lambda graph, made: {"result": (made.out(0),), "expand": graph},
    "no class": lambda graph, made: {"result": (1,), "expand": {"a": {"inputs": {}}}},
    "numbers for ids": lambda graph, made: {"result": (1,), "expand": {1: {"class_type": "ClassicMany", "inputs": {}}}},
    "inputs in a list": lambda graph, made: {
        "result": (1,),
        "expand": {"a": {"class_type": "ClassicMany", "inputs": [1]}},
    },
    "nowhere": lambda graph, made: {"result": (["nowhere", 0],), "expand": graph.finalize()},
    "another output": lambda graph, made: {"result": (made.out(7),), "expand": graph.finalize()},
    "no inputs": lambda graph, made: {"result": (["a", 0],), "expand": {"a": {"class_type": "ClassicCounter"}}},
    "nothing": lambda graph, made: {"result": (5,), "expand": {}},
    "a number to be shown at": lambda graph, made: (
        made.set_override_display_id(12) or {"result": (made.out(0),), "expand": graph.finalize()}
    ),
}


class Expands(Classic):
    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {"to": (list(GRAPHS),)}}

    def run(self, to):
        from comfy_execution.graph_utils import GraphBuilder

        graph = GraphBuilder()
        return GRAPHS[to](graph, graph.node("ClassicNumber", value=3))


class Hides(Classic):
    """Hidden inputs that are none of the engine's, and one that is and that its check wants."""

    @classmethod
    def INPUT_TYPES(cls):
        hidden = {"me": "UNIQUE_ID", "prompt": "PROMPT", "mine": "MY_THING", "limit": ("INT", {"default": 9})}
        even = {"default": 2, "max": 10}
        return {"required": {"even": ("INT", even), "low": ("INT", {"max": 3})}, "hidden": hidden}

    OUTPUT_NODE = True

    @classmethod
    def VALIDATE_INPUTS(cls, even, me, prompt):
        return True if even % 2 == 0 and prompt == {} else f"node {me} takes even numbers"

    def run(self, even, low, me, prompt, mine="nobody's", limit=7):
        return {"ui": {"text": [mine, str(limit)]}, "result": (even,)}


class TypesWithoutEnd(tuple):
    """The widespread way to have as many outputs as there happen to be, of any type."""

    def __getitem__(self, index):
        return AnyType(super().__getitem__(min(index, 0)))


class Splits(Classic):
    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {"text": ("STRING", {})}, "optional": {"value": ("*", {})}}

    RETURN_TYPES = TypesWithoutEnd(("LETTER",))
    RETURN_NAMES = TypesWithoutEnd(("first",))

    def run(self, text, value=None):
        return list(text)


class Stops(Classic):
    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {}}

    def run(self):
        return (ExecutionBlocker("no more"),)


ANSWERS = {
    "a bare name": "instance",
    "a set": {"instance"},
    "yes": True,
    "a number": 5,
    "nothing": None,
    "what is there": ["answer", "instance"],
}


class Asks(Classic):
    """An input has a name that code around the node may use itself."""

    @classmethod
    def INPUT_TYPES(cls):
        optional = {"instance": ("NUMBER", {"lazy": True})}
        return {"required": {"answer": (list(ANSWERS),)}, "optional": optional}

    def check_lazy_status(self, answer, instance=None):
        return ANSWERS[answer]

    def run(self, answer, instance=None):
        return (instance,)


SLOPPY = {
    "ClassicAsks": Asks,
    "ClassicHides": Hides,
    "ClassicSplits": Splits,
    "ClassicStops": Stops,
    "ClassicSays": Says,
    "ClassicThreads": Threads,
    "ClassicWaits": Waits,
    "ClassicWaitsInside": WaitsInside,
    "ClassicBegins": Begins,
    "ClassicClings": Clings,
    "ClassicFails": Fails,
    "ClassicFailsLater": FailsLater,
    "ClassicShows": Shows,
    "ClassicHands": Hands,
    "ClassicRefuses": Refuses,
    "ClassicExpands": Expands,
}
