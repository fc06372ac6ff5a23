"""What AUTOMATIC1111's web UI and its kin write into pictures: prompt, negative prompt, and a line of settings."""

from comfy_core.infotext.grammar import Infotext, parse, write

__all__ = ["Infotext", "parse", "write"]
