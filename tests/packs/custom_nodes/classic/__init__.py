"""A pack in the classic style: every feature of the class protocol that the engine knows. `calls` lists what ran."""

from .flow import FLOW
from .plain import PLAIN, calls
from .sloppy import SLOPPY

NODE_CLASS_MAPPINGS = {**PLAIN, **FLOW, **SLOPPY}
NODE_DISPLAY_NAME_MAPPINGS = {"ClassicTypes": "Classic Types"}
WEB_DIRECTORY = "./web"

__all__ = ["NODE_CLASS_MAPPINGS", "NODE_DISPLAY_NAME_MAPPINGS", "WEB_DIRECTORY", "calls"]
