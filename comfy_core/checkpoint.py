"""What a checkpoint file gives: a model, its text encoder and its VAE."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NoReturn

from comfy_core.patcher import ModelPatcher
from comfy_core.text.clip import CLIP
from comfy_core.vae import VAE


class MissingPart(AttributeError):
    """A part was used that the checkpoint does not hold."""


class Missing:
    """Stands where a checkpoint has nothing: loading goes well, using it says what is missing and what to do."""

    def __init__(self, part: str, file: str, way_out: str) -> None:
        self._sentence = f"{file} holds no {part}; {way_out} and link it instead."

    def __getattr__(self, name: str) -> NoReturn:
        if name.startswith("__"):
            raise AttributeError(name)
        raise MissingPart(self._sentence)


@dataclass(frozen=True)
class Checkpoint:
    """`note` says what was recognised, and what was chosen where the file leaves a choice."""

    model: ModelPatcher
    clip: CLIP | Missing
    vae: VAE | Missing
    note: str = ""
