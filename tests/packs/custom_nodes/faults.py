"""Nodes that break in every way there is, and one that saves a picture; free of torch."""

import ctypes
import os
import signal
import sys
import time
from pathlib import Path

from PIL import Image

from comfy_core import folders
from comfy_core.media.save import save_pngs
from comfy_core.progress import check_interrupted

MIB = 1024 * 1024


class Fault:
    RETURN_TYPES = ("NUMBER",)
    FUNCTION = "run"
    CATEGORY = "faults"
    OUTPUT_NODE = True

    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {"value": ("INT", {"default": 0, "max": 1 << 40})}}


class Raise(Fault):
    def run(self, value):
        raise ValueError(f"{value} is no good; use another")


class Sleep(Fault):
    """Works for `value` milliseconds, and heeds interrupts."""

    def run(self, value):
        end = time.monotonic() + value / 1000
        while time.monotonic() < end:
            check_interrupted()
            time.sleep(0.005)
        return (value,)


class Hang(Fault):
    """Heeds nothing, ever."""

    def run(self, value):
        while True:
            time.sleep(60)


class Exit(Fault):
    def run(self, value):
        os._exit(value)


class Segfault(Fault):
    def run(self, value):
        ctypes.string_at(0)


class Crash(Fault):
    """Saves a picture and kills its process the first `value` times: it counts in a file."""

    def run(self, value):
        images = save_pngs([Image.new("RGB", (16, 16))] * 2, folders.current().output, "crash", {})
        count = folders.current().temp / "crashes"
        count.parent.mkdir(parents=True, exist_ok=True)
        with count.open("a") as file:
            file.write("x")
        if count.stat().st_size <= value:
            os.kill(os.getpid(), signal.SIGKILL)
        return {"ui": {"images": images}, "result": (value,)}


class Orphan(Fault):
    """Starts a process that inherits all that its own has open, for `value` seconds, and kills its own."""

    def run(self, value):
        orphan = os.fork()
        if orphan == 0:
            time.sleep(value)
            os._exit(0)
        temp = folders.current().temp
        temp.mkdir(parents=True, exist_ok=True)
        (temp / f"{orphan}.orphan").touch()
        os.kill(os.getpid(), signal.SIGKILL)


class HoldOn(Fault):
    """Lets no other thread of its process run for `value` seconds."""

    def run(self, value):
        ctypes.PyDLL(None).sleep(value)
        return (value,)


class Eat(Fault):
    """Takes memory without end, up to the limit of `value` MiB that it sets for its process."""

    def run(self, value):
        import resource

        used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
        before = resource.getrlimit(resource.RLIMIT_AS)
        resource.setrlimit(resource.RLIMIT_AS, (used + value * MIB, before[1]))
        eaten = []
        try:
            while True:
                eaten.append(bytearray(16 * MIB))
        finally:
            resource.setrlimit(resource.RLIMIT_AS, before)


class Print(Fault):
    """Prints `value` MiB."""

    def run(self, value):
        line = "x" * 1023 + "\n"
        for _ in range(value * 1024):
            sys.stdout.write(line)
        sys.stdout.flush()
        return {"ui": {"text": ["done"]}, "result": (value,)}


class Picture(Fault):
    """Saves a picture whose color is the number."""

    def run(self, value):
        color = (value >> 16 & 255, value >> 8 & 255, value & 255)
        images = save_pngs([Image.new("RGB", (16, 16), color)], folders.current().output, "picture", {})
        return {"ui": {"images": [one | {"type": "output"} for one in images]}, "result": (value,)}


NODE_CLASS_MAPPINGS = {
    f"Fault{one.__name__}": one
    for one in (Raise, Sleep, Hang, Exit, Segfault, Crash, Orphan, HoldOn, Eat, Print, Picture)
}
