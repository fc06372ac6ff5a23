"""Weight files: opened lazily, checked before they are trusted, read by name."""

from comfy_core.weights.files import open_weights
from comfy_core.weights.table import Weights, WeightsError

__all__ = ["Weights", "WeightsError", "open_weights"]
