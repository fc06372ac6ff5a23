"""Small nodes without torch for the engine's tests. `calls` lists the nodes that ran, by class."""

import json
import os
import signal
import time
from typing import Annotated

from comfy_core.progress import check_interrupted, report
from nodes.schema import Boolean, Combo, File, Float, Hidden, Int, Socket, String, node

calls: list[str] = []

Number = Annotated[int, Socket("NUMBER")]
Text = Annotated[str, Socket("TEXT")]
Anything = Annotated[object, Socket("*")]
Whole = Annotated[int, Int(default=1, min=0, max=10)]


class OutOfMemoryError(RuntimeError):
    pass


@node("FakeNumber", category="fake")
def number(value: Whole) -> Number:
    calls.append("FakeNumber")
    return value


@node("FakeAdd", category="fake")
def add(a: Number, b: Number) -> Number:
    calls.append("FakeAdd")
    return a + b


@node("FakeLess", category="fake")
def less(a: Number, b: Annotated[int, Int()]) -> Annotated[bool, Boolean()]:
    return a < b


@node("FakePass", category="fake")
def pass_on(value: Number) -> Number:
    calls.append("FakePass")
    return value


@node("FakePair", category="fake")
def pair() -> tuple[Number, Text]:
    return 7, "seven"


@node("FakeModel", category="fake")
def model() -> Annotated[object, Socket("MODEL")]:
    """What no disk can hold."""
    calls.append("FakeModel")
    return object()


@node("FakeSample", category="fake")
def sample(model: Annotated[object, Socket("MODEL")], value: Number, seed: Whole) -> Number:
    calls.append("FakeSample")
    return value + seed


@node("FakeShort", category="fake")
def short() -> tuple[Number, Text]:
    return (7,)


@node("FakeShow", category="fake", is_output=True)
def show(value: Number):
    calls.append("FakeShow")
    return {"ui": {"text": [str(value)]}}


@node("FakeShowAny", category="fake", is_output=True)
def show_any(value: Anything):
    return {"ui": {"text": [str(value)]}}


@node("FakeSink", category="fake", is_output=True)
def sink(value: Number) -> None:
    calls.append("FakeSink")


@node("FakeTypes", category="fake", is_output=True)
def types(
    i: Annotated[int, Int(default=1, min=0, max=10)],
    f: Annotated[float, Float(default=1.0, min=0.0)],
    s: Annotated[str, String(default="")],
    b: Annotated[bool, Boolean()],
    c: Annotated[str, Combo(("a", "b"))],
    extra: Number | None = None,
):
    return {"ui": {"text": [repr((i, f, s, b, c, extra))]}}


@node("FakeLoad", category="fake", is_output=True)
def load(image: Annotated[str, File("input")]):
    return {"ui": {"text": [image]}}


@node("FakeChoice", category="fake", is_output=True)
def choice(c: Annotated[str, Combo(tuple(f"option {i}" for i in range(30)))]) -> None:
    """More values than an error shows."""


@node("FakeClock", category="fake")
def clock() -> Number:
    calls.append("FakeClock")
    return 0


@clock.fingerprint
def clock_now() -> float:
    return float("nan")


@node("FakeWatch", category="fake")
def watch(path: Annotated[str, String(default="")]) -> Number:
    calls.append("FakeWatch")
    return int(open(path).read())


@watch.fingerprint
def watch_content(path: str) -> str:
    return open(path).read()


@node("FakeUnique", category="fake")
def unique(value: Whole, me: Annotated[str, Hidden("UNIQUE_ID")]) -> Number:
    calls.append("FakeUnique")
    return value


@node("FakeRandom", category="fake", not_idempotent=True)
def random() -> Number:
    calls.append("FakeRandom")
    return 4


@node("FakeHidden", category="fake", is_output=True)
def hidden(
    me: Annotated[str, Hidden("UNIQUE_ID")],
    prompt: Annotated[dict, Hidden("PROMPT")],
    info: Annotated[dict, Hidden("EXTRA_PNGINFO")],
):
    return {"ui": {"text": [json.dumps([me, prompt, info])]}}


@node("FakeAsync", category="fake")
async def later(value: Whole) -> Number:
    import asyncio

    await asyncio.sleep(0)
    return value


@node("FakeSteps", category="fake")
def steps(count: Annotated[int, Int(default=3)]) -> Number:
    for step in range(1, count + 1):
        report(step, count, lambda: ("image/jpeg", b"picture"))
    return count


@node("FakeFail", category="fake")
def fail(value: Number) -> Number:
    raise ValueError("the value is no good; use another")


@node("FakeTwoForOne", category="fake")
def two_for_one() -> Number:
    return 1, 2


@node("FakeFull", category="fake")
def full() -> Number:
    raise OutOfMemoryError("CUDA out of memory")


@node("FakeQuit", category="fake")
def quit_process() -> Number:
    raise SystemExit(3)


@node("FakeSlow", category="fake")
def slow(
    seconds: Annotated[float, Float(default=60.0)],
    heeds_interrupts: Annotated[bool, Boolean(default=True)] | None = True,
) -> Number:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        time.sleep(0.005)
        if heeds_interrupts:
            check_interrupted()
    return 1


@node("FakeUntil", category="fake")
def until(path: Annotated[str, String(default="")]) -> Number:
    """Heeds nothing until there is such a file."""
    while not os.path.exists(path):
        time.sleep(0.005)
    return 1


@node("FakeCrash", category="fake")
def crash() -> Number:
    os.kill(os.getpid(), signal.SIGKILL)


@node("FakeExit", category="fake")
def exit_process() -> Number:
    os._exit(7)


@node("FakePrint", category="fake")
def print_something() -> Number:
    print("nodes may print what they like", flush=True)
    os.write(1, b"\x00\x00\x00\x05even this")
    return 1
