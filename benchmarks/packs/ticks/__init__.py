"""A node that says the time, again and again, to every client. For benchmarks/clients.py; free of torch."""

import time

from server import PromptServer


class Tick:
    RETURN_TYPES = ()
    FUNCTION = "run"
    CATEGORY = "bench"
    OUTPUT_NODE = True

    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {"count": ("INT", {"default": 1}), "per_second": ("FLOAT", {"default": 10.0})}}

    @classmethod
    def IS_CHANGED(cls, **inputs):
        return float("nan")

    def run(self, count, per_second):
        start = time.time()
        for number in range(count):
            time.sleep(max(0.0, start + number / per_second - time.time()))
            PromptServer.instance.send_sync("tick", {"number": number, "at": time.time()})
        return {"ui": {}}


NODE_CLASS_MAPPINGS = {"BenchTick": Tick}
