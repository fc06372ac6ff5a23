"""Small nodes without torch for the server's tests."""

import json
import os
import signal
import threading
import time
from typing import Annotated

from comfy_core import folders
from comfy_core.progress import check_interrupted, report
from nodes.schema import Combo, File, Float, Hidden, Int, Seed, Socket, String, node

at_work = threading.Event()
Number = Annotated[int, Socket("NUMBER")]
JPEG = b"\xff\xd8\xff picture"


@node("FakeText", category="fake")
def text(
    text: Annotated[str, String(default="", multiline=True, dynamicPrompts=True)],
    seed: Seed = 0,
    style: Annotated[str, Combo(("plain", "fancy"))] = "plain",
) -> Number:
    return len(text)


@node("FakeSteps", category="fake")
def steps(count: Annotated[int, Int(default=3, min=1)], seconds: Annotated[float, Float(default=0.0)] = 0.0) -> Number:
    at_work.set()
    for step in range(1, count + 1):
        time.sleep(seconds)
        check_interrupted()
        report(step, count, lambda: ("image/jpeg", JPEG))
    return count


@node("FakeSave", category="fake", is_output=True)
def save(
    value: Number,
    prompt: Annotated[dict, Hidden("PROMPT")],
    extra: Annotated[dict, Hidden("EXTRA_PNGINFO")],
    filename_prefix: Annotated[str, String(default="fake")] = "fake",
    copies: Annotated[int, Int(default=1, min=1, max=9)] = 1,
):
    """Write small PNG files that carry their workflow, as SaveImage does."""
    from PIL import Image
    from PIL.PngImagePlugin import PngInfo

    info = PngInfo()
    info.add_text("prompt", json.dumps(prompt))
    for key, data in (extra or {}).items():
        info.add_text(key, json.dumps(data))
    output = folders.current().output
    output.mkdir(parents=True, exist_ok=True)
    images = []
    for copy in range(copies):
        name = f"{filename_prefix}_{len(list(output.iterdir())) + 1:05}_.png"
        Image.new("RGB", (4, 4), (value % 256, copy, 0)).save(output / name, pnginfo=info)
        images.append({"filename": name, "subfolder": "", "type": "output"})
    return {"ui": {"images": images}}


@node("FakeLoad", category="fake", is_output=True)
def load(image: Annotated[str, File("input")]):
    return {"ui": {"text": [image]}}


@node("FakeFail", category="fake", is_output=True)
def fail() -> None:
    raise ValueError("the value is no good; use another")


@node("FakeCrash", category="fake", is_output=True)
def crash() -> None:
    os.kill(os.getpid(), signal.SIGKILL)
