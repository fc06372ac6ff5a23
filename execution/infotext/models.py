"""The models that an infotext names, among those that are here: by name, or by hash where a file has another name."""

from __future__ import annotations

import struct
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from comfy_core.folders import Folders
from comfy_core.model_hashes import MEMORY, ModelHashes, OutOfTime

SECONDS = 10.0
"""How long hashes are searched for; what was found is remembered, and the next search goes on from there."""
LONGEST_HEADER = 64 << 20
SDXL = b'"conditioner.embedders.'
KINDS = {
    "checkpoints": "checkpoint",
    "loras": "LoRA",
    "vae": "VAE",
    "embeddings": "embedding",
    "upscale_models": "upscaler",
    "hypernetworks": "hypernetwork",
    "controlnet": "ControlNet",
}


@dataclass
class Models:
    """Looks models up in some folders; what it has to say about them is in `warnings`."""

    folders: Folders
    warnings: list[str] = field(default_factory=list)
    seconds: float = SECONDS

    def __post_init__(self) -> None:
        self._hashes = ModelHashes(self.folders.user / MEMORY, time.monotonic() + self.seconds)

    def find(self, kind: str, name: str, hash: str = "") -> str | None:
        """The name of a file as its loader has it; None, and a warning, where neither name nor hash is known here."""
        listed = self.folders.files(kind)
        named = next((one for one in listed if _names(one, name)), None)
        if named is not None:
            self._check(kind, named, hash)
            return named
        late = ""
        try:
            if (found := self._by_hash(kind, listed, hash)) is not None:
                return found
        except OutOfTime:
            late = "; not all files could be compared by their hashes in time, try again to go on"
        told = f" (hash {hash})" if hash else ""
        self.warn(f"the {KINDS[kind]} {name!r}{told} is not in models/{kind}/{late}")
        return None

    def warn(self, sentence: str) -> None:
        """Say something once."""
        if sentence not in self.warnings:
            self.warnings.append(sentence)

    def is_sdxl(self, checkpoint: str | None) -> bool:
        """Whether a safetensors checkpoint has the text encoders of Stable Diffusion XL."""
        if checkpoint is None:
            return False
        try:
            with self.folders.find_model("checkpoints", checkpoint).open("rb") as file:
                (length,) = struct.unpack("<Q", file.read(8))
                return SDXL in file.read(min(length, LONGEST_HEADER))
        except (OSError, ValueError, struct.error):
            return False

    def _check(self, kind: str, found: str, hash: str) -> None:
        """Warn when the file of that name has another hash than the one that was used."""
        if not hash:
            return
        with suppress(OutOfTime, OSError):
            if not self._hashes.fits(self._path(kind, found), hash):
                self.warn(
                    f"{found} in models/{kind}/ is not the file that was used: that one's hash begins with {hash}"
                )

    def _by_hash(self, kind: str, listed: list[str], hash: str) -> str | None:
        if not hash:
            return None
        paths = {self._path(kind, one): one for one in listed}
        found = self._hashes.find(paths, hash)
        return None if found is None else paths[found]

    def _path(self, kind: str, listed: str) -> Path:
        return self.folders.find_model(kind, listed)


def _names(listed: str, name: str) -> bool:
    """Whether a name, which may lack its folder and its ending, means this file."""
    path, name = Path(listed), name.replace("\\", "/").casefold()
    whole = path.as_posix().casefold()
    return name in (whole, whole.removesuffix(path.suffix.casefold()), path.name.casefold(), path.stem.casefold())
