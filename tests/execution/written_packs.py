"""Packs as text, for tests that write them: `format` gives their nodes a name."""

GOOD = """
from typing import Annotated
from nodes.schema import Int, node

@node("{name}", category="test", is_output=True)
def function(value: Annotated[int, Int(default=1)]) -> None:
    '''Does nothing.'''
"""
CLASSIC = """
class A:
    RETURN_TYPES, FUNCTION = (), "run"
    @classmethod
    def INPUT_TYPES(cls):
        {body}
    def run(self): ...
NODE_CLASS_MAPPINGS = {{"{name}": A, "Other{name}": type("B", (A,), {{"INPUT_TYPES": classmethod(lambda c: {{}})}})}}
NODE_DISPLAY_NAME_MAPPINGS = {{"{name}": "The {name}"}}
"""
