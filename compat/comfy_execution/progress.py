"""How far a node is."""

from typing import Any

from comfy_core import progress
from execution.previews import encoded


class ProgressRegistry:
    """Reports on behalf of any node of the run."""

    def update_progress(self, node_id: str, value: float, max_value: float, image: Any = None) -> None:
        """`image` is `("JPEG" | "PNG", a Pillow image, largest side or None)`. Raises when the run is to stop."""
        progress.report(value, max_value, encoded(image), node_id)


_registry = ProgressRegistry()


def get_progress_state() -> ProgressRegistry:
    return _registry
