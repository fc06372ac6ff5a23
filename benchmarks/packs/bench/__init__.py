"""Nodes that cost nothing, so that what is measured is the engine. For benchmarks/engine.py; free of torch."""

import os
import time


class Number:
    RETURN_TYPES: tuple[str, ...] = ("NUMBER",)
    FUNCTION = "run"
    CATEGORY = "bench"

    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {"value": ("INT", {"default": 0, "min": 0, "max": 1 << 40})}}

    def run(self, value):
        return (value,)


class Pass(Number):
    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {"value": ("NUMBER",)}}


class Show(Pass):
    RETURN_TYPES = ()
    OUTPUT_NODE = True

    def run(self, value):
        return {"ui": {"text": [str(value)]}}


class Hold(Number):
    """Works until the file is gone: it holds the queue up while others are queued."""

    OUTPUT_NODE = True

    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {"path": ("STRING", {"default": ""})}}

    @classmethod
    def IS_CHANGED(cls, path):
        return float("nan")

    def run(self, path):
        while os.path.exists(path):
            time.sleep(0.01)
        return (0,)


NODE_CLASS_MAPPINGS = {"BenchNumber": Number, "BenchPass": Pass, "BenchShow": Show, "BenchHold": Hold}
