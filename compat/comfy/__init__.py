"""The core as packs import it. A module comes when it is asked for: after `import comfy` alone, packs use
`comfy.samplers`, which the host of the ecosystem has imported before them."""

import importlib
from typing import Any


def __getattr__(name: str) -> Any:
    try:
        return importlib.import_module(f"comfy.{name}")
    except ModuleNotFoundError as error:
        if error.name != f"comfy.{name}":
            raise
        raise AttributeError(f"module 'comfy' has no attribute {name!r}") from None
