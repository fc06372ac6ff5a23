"""Nodes that open and save sound."""

from __future__ import annotations

from typing import Annotated, Any

from comfy_core import folders
from comfy_core.media import sound as files
from comfy_core.media.errors import ImageError
from comfy_core.media.save import png_texts
from nodes.images import RUN, file_stamp, input_path
from nodes.recipe import with_recipe
from nodes.schema import Cases, Combo, File, Socket, String, Widget, node
from nodes.types import PngInfo, Prompt

CATEGORY, MODULE = "audio", "comfy_extras.nodes_audio"
MP3, OPUS = ("V0", "128k", "320k"), ("64k", "96k", "128k", "192k", "320k")
QUALITY = "Kilobits for a second; more is better and larger."
Audio = Annotated[dict[str, Any], Socket("AUDIO", tooltip="Sound, one or several of one length.")]
Prefix = Annotated[
    str, String(default="audio/ComfyUI", tooltip="May name a subfolder, and hold %year%, %month%, %day% …")
]
Mp3Quality = Annotated[str, Combo(MP3, default="V0", tooltip=f"{QUALITY} V0 takes what it needs.")]
OpusQuality = Annotated[str, Combo(OPUS, default="128k", tooltip=QUALITY)]
Format = Cases(
    {"flac": {}, "mp3": {"quality": Mp3Quality}, "opus": {"quality": OpusQuality}},
    tooltip="flac keeps everything, mp3 plays everywhere, opus is the smallest.",
)


@node(
    "LoadAudio",
    title="Load Audio",
    category=CATEGORY,
    python_module=MODULE,
    search_aliases=("import audio", "open audio", "audio file"),
    essentials_category="Audio",
)
def load_audio(
    audio: Annotated[str, File(folders.INPUT_SOUNDS, audio_upload=True, tooltip="A sound, or a video, in input/.")],
) -> Audio:
    """Open a sound, or that of a video."""
    return _opened(audio)


@node(
    "RecordAudio",
    title="Record Audio",
    category=CATEGORY,
    python_module=MODULE,
    search_aliases=("microphone input", "audio capture", "voice input"),
)
def record_audio(
    audio: Annotated[str, Widget("AUDIO_RECORD", socketless=False, tooltip="What the microphone hears.")],
) -> Audio:
    """Sound from the microphone."""
    return _opened(audio)


def _opened(name: str) -> dict[str, Any]:
    sound = files.read_sound(input_path(name))
    if sound is None:
        raise ImageError(f"{name} has no sound.")
    return sound


@load_audio.fingerprint
def _(audio: str | None) -> list[int]:
    return file_stamp(audio)


@record_audio.fingerprint
def _(audio: str | None) -> list[int]:
    return file_stamp(audio)


@node(
    "SaveAudioAdvanced",
    title="Save Audio (Advanced)",
    category=CATEGORY,
    outputs=("audio",),
    is_output=True,
    python_module=MODULE,
    search_aliases=("save audio", "export audio", "output audio", "write audio", "flac", "mp3", "opus"),
)
def save_audio_advanced(
    audio: Audio,
    filename_prefix: Prefix,
    format: Annotated[dict[str, Any], Format],
    prompt: Prompt = None,
    extra_pnginfo: PngInfo = None,
) -> Audio:
    """Save sound in output/, with the workflow inside the file."""
    return _saved(audio, filename_prefix, format["format"], format.get("quality", ""), prompt, extra_pnginfo)


@node(
    "SaveAudioMP3",
    title="Save Audio (MP3) (DEPRECATED)",
    category=CATEGORY,
    outputs=("audio",),
    is_output=True,
    deprecated=True,
    python_module=MODULE,
    search_aliases=("export mp3",),
    essentials_category="Audio",
)
def save_audio_mp3(
    audio: Audio, filename_prefix: Prefix, quality: Mp3Quality, prompt: Prompt = None, extra_pnginfo: PngInfo = None
) -> Audio:
    """Save sound as MP3 in output/, with the workflow inside the file."""
    return _saved(audio, filename_prefix, "mp3", quality, prompt, extra_pnginfo)


@node(
    "SaveAudioOpus",
    title="Save Audio (Opus) (DEPRECATED)",
    category=CATEGORY,
    outputs=("audio",),
    is_output=True,
    deprecated=True,
    python_module=MODULE,
    search_aliases=("export opus",),
)
def save_audio_opus(
    audio: Audio, filename_prefix: Prefix, quality: OpusQuality, prompt: Prompt = None, extra_pnginfo: PngInfo = None
) -> Audio:
    """Save sound as Opus in output/, with the workflow inside the file."""
    return _saved(audio, filename_prefix, "opus", quality, prompt, extra_pnginfo)


@node(
    "SaveAudio",
    title="Save Audio (FLAC) (DEPRECATED)",
    category=CATEGORY,
    outputs=("audio",),
    is_output=True,
    deprecated=True,
    python_module=MODULE,
    search_aliases=("export flac",),
    essentials_category="Audio",
)
def save_audio(audio: Audio, filename_prefix: Prefix, prompt: Prompt = None, extra_pnginfo: PngInfo = None) -> Audio:
    """Save sound as FLAC in output/, with the workflow inside the file."""
    return _saved(audio, filename_prefix, "flac", "", prompt, extra_pnginfo)


@node(
    "PreviewAudio",
    title="Preview Audio",
    category=CATEGORY,
    outputs=("audio",),
    is_output=True,
    python_module=MODULE,
    search_aliases=("play audio",),
)
def preview_audio(audio: Audio, prompt: Prompt = None, extra_pnginfo: PngInfo = None) -> Audio:
    """Play sound without keeping it."""
    return _saved(audio, f"easel_temp_{RUN}", "flac", "", prompt, extra_pnginfo, "temp")


def _saved(
    audio: dict[str, Any], prefix: str, kind: str, quality: str, prompt: Any, extra: Any, type: str = "output"
) -> Any:
    texts = png_texts(prompt, with_recipe(prompt, extra))
    saved = files.save_sounds(audio, folders.current().of_type(type), prefix, kind, quality, texts)
    return {"ui": {"audio": [one | {"type": type} for one in saved]}, "result": (audio,)}
