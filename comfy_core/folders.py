"""Where a user's files live: models by kind, input/, output/, temp/, user/. Free of torch; every room may ask it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import NamedTuple

CHECKOUT = Path(__file__).resolve().parent.parent

WEIGHTS = (".safetensors", ".sft", ".ckpt", ".pt", ".pt2", ".bin", ".pth", ".pkl")
IMAGES = (".png", ".jpg", ".jpeg", ".webp", ".gif", ".bmp", ".tif", ".tiff", ".avif")
MODEL_KINDS: dict[str, tuple[str, ...]] = {
    "checkpoints": WEIGHTS,
    "configs": (".yaml",),
    "loras": WEIGHTS,
    "vae": WEIGHTS,
    "text_encoders": WEIGHTS,
    "diffusion_models": WEIGHTS,
    "clip_vision": WEIGHTS,
    "style_models": WEIGHTS,
    "embeddings": WEIGHTS,
    "diffusers": ("folder",),
    "vae_approx": WEIGHTS,
    "controlnet": WEIGHTS,
    "gligen": WEIGHTS,
    "ipadapter": WEIGHTS,
    "upscale_models": WEIGHTS,
    "latent_upscale_models": WEIGHTS,
    "hypernetworks": WEIGHTS,
    "photomaker": WEIGHTS,
    "classifiers": ("",),
    "model_patches": WEIGHTS,
    "audio_encoders": WEIGHTS,
    "background_removal": WEIGHTS,
    "frame_interpolation": WEIGHTS,
    "geometry_estimation": WEIGHTS,
    "optical_flow": WEIGHTS,
    "detection": WEIGHTS,
}
SAVED_TO = {
    "checkpoints": "checkpoints",
    "diffusion_models": "diffusion_models",
    "text_encoders": "clip",
    "vae": "vae",
    "loras": "loras",
}
"""The folders in output/ that nodes save models to."""
OLDER_NAMES = {"controlnet": ("t2i_adapter",), "diffusion_models": ("unet",), "text_encoders": ("clip",)}
"""Folders of the ecosystem that hold models of a kind too, in `models/` as users have it."""
ANY_VAE = "any_vae"
"""Not a folder but a list: VAEs that are files, pairs of files in vae_approx/ by one name, and pixel space."""
INPUT_LATENTS = "input_latents"
INPUT_VIDEOS, INPUT_SOUNDS = "input_videos", "input_sounds"
VIDEOS = (".mp4", ".webm", ".mkv", ".mov", ".avi", ".m4v")
SOUNDS = (".wav", ".mp3", ".flac", ".ogg", ".opus", ".m4a", ".aac")
INPUTS = {
    "input": IMAGES,
    INPUT_LATENTS: (".latent",),
    INPUT_VIDEOS: VIDEOS,
    INPUT_SOUNDS: (*SOUNDS, *VIDEOS),
}
"""Kinds of files that lie in input/, and how their names end."""
SMALL_VAES = ("taesd", "taesdxl", "taesd3", "taef1")
PIXEL_SPACE = "pixel_space"
PIPELINE = "model_index.json"  # makes a folder a pipeline of diffusers
PLACES = ("output", "input", "temp", "user")


class ExtraFolder(NamedTuple):
    """One more folder with models of a kind, searched before the usual ones if `first`, else after them."""

    kind: str
    path: Path
    first: bool = False


@dataclass(frozen=True)
class Folders:
    """The folders of one running Easel. `base` is the checkout unless `--base-directory` says otherwise.

    The others lie in `base` unless they are given.
    """

    base: Path = CHECKOUT
    output: Path = field(default=None)  # type: ignore[assignment]
    input: Path = field(default=None)  # type: ignore[assignment]
    temp: Path = field(default=None)  # type: ignore[assignment]
    user: Path = field(default=None)  # type: ignore[assignment]
    extra: tuple[ExtraFolder, ...] = ()

    def __post_init__(self) -> None:
        base = Path(self.base).resolve()
        object.__setattr__(self, "base", base)
        for name in PLACES:
            object.__setattr__(self, name, Path(getattr(self, name) or base / name).resolve())

    @property
    def workflows(self) -> Path:
        return self.base / "user_workflows"

    @property
    def custom_nodes(self) -> Path:
        return self.base / "custom_nodes"

    def models(self, kind: str) -> list[Path]:
        """The folders searched for models of a kind, in order: the user's, then the checkout's (where the starter model
        is), where nodes save such models, and the extra ones before or after them."""
        if kind == ANY_VAE:
            return [*self.models("vae"), *self.models("vae_approx")]
        if kind not in MODEL_KINDS:
            raise KeyError(f"no model folder is called {kind!r}; there are: {', '.join(MODEL_KINDS)}")
        saved = [self.output / SAVED_TO[kind]] if kind in SAVED_TO else []
        first = [one.path for one in self.extra if one.kind == kind and one.first]
        last = [one.path for one in self.extra if one.kind == kind and not one.first]
        own = [self.base / "models" / name for name in (kind, *OLDER_NAMES.get(kind, ()))]
        return list(dict.fromkeys([*first, *own, CHECKOUT / "models" / kind, *saved, *last]))

    def of_type(self, type: str) -> Path:
        """The folder behind the API's `type` word."""
        places = {"input": self.input, "output": self.output, "temp": self.temp}
        if type not in places:
            raise ValueError(f"type {type!r} is not one of input, output, temp")
        return places[type]

    def files(self, kind: str) -> list[str]:
        """Names a combo offers: relative to the kind's folder, with `/`, sorted, without hidden files."""
        if kind in INPUTS:
            return sorted(_listing(self.input, INPUTS[kind], links=False))
        if kind == ANY_VAE:
            return [*self.files("vae"), *self.small_vaes(), PIXEL_SPACE]
        if kind == "diffusers":
            return sorted({name for folder in self.models(kind) for name in _pipelines(folder)})
        return sorted({name for folder in self.models(kind) for name in _listing(folder, MODEL_KINDS[kind])})

    def small_vaes(self) -> list[str]:
        """The small autoencoders of which both halves are in models/vae_approx/: `<name>_encoder`, `<name>_decoder`."""
        there = {Path(file).name.partition(".")[0] for file in self.files("vae_approx")}
        return [name for name in SMALL_VAES if {f"{name}_encoder", f"{name}_decoder"} <= there]

    def find_model(self, kind: str, name: str) -> Path:
        """The path of a model by the name a combo offered.

        Raises FileNotFoundError naming what there is; ValueError if the name points outside the models' folders.
        """
        for folder in self.models(kind):
            path = beneath(folder, name)
            if path.is_file() or (kind == "diffusers" and (path / PIPELINE).is_file()):
                return path
        there = self.files(kind)
        hint = f"pick one of: {', '.join(there[:10])}" if there else f"put a file into models/{kind}/"
        raise FileNotFoundError(f"{name!r} is not in models/{kind}/; {hint}")

    def find(self, type: str, name: str, subfolder: str = "") -> Path:
        """The path of an input, output or temp file; ` [input]`-style suffixes in the name win over `type`."""
        for word in ("input", "output", "temp"):
            if name.endswith(f" [{word}]"):
                type, name = word, name.removesuffix(f" [{word}]")
        return inside(self.of_type(type), f"{subfolder}/{name}" if subfolder else name)


def shown(kind: str) -> str:
    """Where files of a kind belong, as a person is told: `input/`, `models/loras/`."""
    if kind in PLACES:
        return f"{kind}/"
    return "input/" if kind in INPUTS else f"models/{'vae' if kind == ANY_VAE else kind}/"


def beneath(folder: Path, name: str) -> Path:
    """`folder/name`, refusing `..` and absolute paths that leave the folder. Links lead wherever they lead: for folders
    of models, where their owner alone can make some, and has them to share files. Raises ValueError."""
    root = os.path.abspath(folder)
    path = os.path.normpath(os.path.join(root, _checked(name)))
    if not Path(path).is_relative_to(root):
        raise ValueError(f"{name!r} leaves {folder.name}/")
    return Path(path)


def inside(folder: Path, name: str) -> Path:
    """`folder/name`, refusing anything that would leave the folder (`..`, absolute paths, links). Raises ValueError."""
    root = folder.resolve()
    path = (root / _checked(name)).resolve()
    if not path.is_relative_to(root):
        raise ValueError(f"{name!r} leaves {folder.name}/")
    return path


def files_in(folder: Path, *, links: bool = True, above: tuple[str, ...] = ()) -> Iterator[Path]:
    """All files in a folder and the folders in it, but nothing hidden, and with `links` what those lead to; not back up
    into a folder `above`."""
    real = os.path.realpath(folder)
    if real in above:
        return
    with suppress(OSError):  # it is not there, or not to be read
        for entry in os.scandir(folder):
            if entry.name.startswith(".") or (entry.is_symlink() and not links):
                continue
            if entry.is_dir():
                yield from files_in(Path(entry), links=links, above=(*above, real))
            elif entry.is_file():
                yield Path(entry)


def _checked(name: str) -> str:
    if "\0" in name:
        raise ValueError("a file name cannot contain a NUL character")
    return name


def _pipelines(folder: Path) -> list[str]:
    """The pipelines of diffusers in a folder, as names relative to it."""
    found = [path.parent for path in files_in(folder) if path.name == PIPELINE]
    return [path.relative_to(folder).as_posix() for path in found if path != folder]


def _listing(folder: Path, endings: tuple[str, ...], *, links: bool = True) -> list[str]:
    found = (path for path in files_in(folder, links=links) if path.suffix.lower() in endings)
    return [path.relative_to(folder).as_posix() for path in found]


_current = Folders()


def current() -> Folders:
    """The folders of this process. Set once, at start, by `use`."""
    return _current


def use(folders: Folders) -> None:
    global _current
    _current = folders


@contextmanager
def using(folders: Folders) -> Iterator[None]:
    """Have other folders for a while."""
    before = current()
    use(folders)
    try:
        yield
    finally:
        use(before)


def of_user(folders: Folders, user: str) -> Folders:
    """These folders as one of several users has them: results of their own. Without a user, as they are."""
    return replace(folders, output=folders.output / user, temp=folders.temp / user) if user else folders
