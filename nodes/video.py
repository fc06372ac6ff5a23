"""Nodes that open, make, cut and save videos."""

from __future__ import annotations

from fractions import Fraction
from functools import partial
from typing import Annotated, Any

from comfy_core import folders
from comfy_core.media import encoding as codecs
from comfy_core.media import video as files
from comfy_core.media.save import png_texts, save_files
from nodes.audio import Audio
from nodes.images import file_stamp, input_path
from nodes.recipe import with_recipe
from nodes.schema import Boolean, Cases, Combo, File, Float, Int, Socket, String, node
from nodes.types import Image, PngInfo, Prompt

MODULE = "comfy_extras.nodes_video"
SPACES = ("auto", "sRGB", "HDR", "HDR PQ")
Video = Annotated[Any, Socket("VIDEO", tooltip="Pictures that move, and perhaps sound.")]


def _crf(codec: str, most: float) -> Any:
    return Annotated[
        float, Float(default=codecs.CRF[codec], min=0.0, max=most, step=1.0, tooltip="More makes smaller, worse files.")
    ]


def _encoding(codec: str, most: float) -> Any:
    cases = {
        "auto": {},
        "re-encode": {
            "crf": _crf(codec, most),
            "color_space": Annotated[
                str,
                Combo(SPACES, default="auto", display_name="color space", tooltip="What the numbers mean."),
            ],
        },
    }
    words = "Leave pictures as they are in their file where that goes, or encode them anew."
    return Annotated[dict, Cases(cases, display_name="encoding mode", tooltip=words)] | None


H264, AV1 = {"encoding": _encoding("h264", 51.0)}, {"encoding": _encoding("av1", 63.0)}
CODEC_WORDS = "h264 plays everywhere, av1 makes smaller files, slower."
Both = Cases({"auto": {}, "h264": H264, "av1": AV1}, tooltip=CODEC_WORDS)
HiddenBoth = Cases({"auto": {}, "h264": H264, "av1": AV1}, hidden=True, tooltip=CODEC_WORDS)
Format = Cases(
    {
        "auto": {"codec": Both},
        "mp4": {"codec": Both},
        "mkv": {"codec": Both},
        "webm": {"codec": Cases({"auto": {}, "av1": AV1}, tooltip=CODEC_WORDS)},
    },
    tooltip="The kind of file; mp4 where nothing else is said or known.",
)


@node(
    "LoadVideo",
    title="Load Video",
    category="video",
    python_module=MODULE,
    search_aliases=("import video", "open video", "video file"),
    essentials_category="Basics",
)
def load_video(
    file: Annotated[str, File(folders.INPUT_VIDEOS, video_upload=True, tooltip="A video in input/.")],
) -> Video:
    """Open a video; its pictures are read when they are wanted."""
    video = files.VideoFile(input_path(file))
    video.get_dimensions()
    return video


@load_video.fingerprint
def _(file: str | None) -> list[int]:
    return file_stamp(file)


@node(
    "CreateVideo",
    title="Create Video",
    category="video",
    python_module=MODULE,
    search_aliases=("images to video",),
    essentials_category="Video Tools",
)
def create_video(
    images: Image,
    fps: Annotated[float, Float(default=30.0, min=1.0, max=120.0, step=1.0, tooltip="Pictures in a second.")],
    audio: Audio | None = None,
    bit_depth: Annotated[int, Int(default=8, min=8, max=10, step=2, display="number", tooltip="Bits of each channel.")]
    | None = 8,
) -> Video:
    """Make a video of pictures, and of sound."""
    return files.VideoFrames(codecs.VideoComponents(images, Fraction(fps), audio, bit_depth=bit_depth or 8))


@node(
    "GetVideoComponents",
    title="Get Video Components",
    category="video",
    outputs=("images", "audio", "fps", "bit_depth", "color_space"),
    python_module=MODULE,
    search_aliases=("extract frames", "split video", "video to images", "demux"),
)
def get_video_components(
    video: Video,
) -> tuple[Image, Audio, Annotated[float, Float()], Annotated[int, Int()], Annotated[str, Combo(None)]]:
    """The pictures of a video, its sound if it has any, and how many pictures there are in a second."""
    parts = video.get_components()
    return parts.images, parts.audio, float(parts.frame_rate), getattr(parts, "bit_depth", 8), "sRGB"  # type: ignore


@node(
    "Video Slice",
    title="Trim Video",
    category="video",
    python_module=MODULE,
    search_aliases=("trim video duration", "skip first frames", "frame load cap", "start time"),
    essentials_category="Video Tools",
)
def video_slice(
    video: Video,
    start_time: Annotated[
        float,
        Float(default=0.0, min=-1e5, max=1e5, step=0.001, tooltip="In seconds; below 0 it counts from the end."),
    ],
    duration: Annotated[float, Float(default=0.0, min=0.0, step=0.001, tooltip="In seconds; 0 is all that is left.")],
    strict_duration: Annotated[bool, Boolean(default=False, tooltip="A video that is too short is an error.")],
) -> Video:
    """Cut a part out of a video."""
    trimmed = video.as_trimmed(start_time, duration, strict_duration)
    if trimmed is None:
        raise ValueError(
            f"the video is {video.get_duration():.2f} s long, too short for {duration} s from {start_time} s"
        )
    return trimmed


@node(
    "SaveVideo",
    title="Save Video",
    category="video",
    outputs=("video",),
    is_output=True,
    python_module=MODULE,
    search_aliases=("export video",),
    essentials_category="Basics",
)
def save_video(
    video: Video,
    filename_prefix: Annotated[
        str, String(default="video/ComfyUI", tooltip="May name a subfolder, and hold %year%, %month%, %day%, %width% …")
    ],
    format: Annotated[dict[str, Any], Format],
    codec: Annotated[dict[str, Any], HiddenBoth] | None = None,
    prompt: Prompt = None,
    extra_pnginfo: PngInfo = None,
) -> Video:
    """Save a video in output/, with the workflow inside the file."""
    texts = png_texts(prompt, with_recipe(prompt, extra_pnginfo))
    container = files.container_of(video) if format["format"] == "auto" else format["format"]
    wanted = format.get("codec") or codec or {"codec": "auto"}
    encoding = wanted.get("encoding") or {"encoding": "auto"}
    if encoding.get("color_space", "auto") not in ("auto", "sRGB"):
        raise ValueError(f"color_space is {encoding['color_space']!r}, and only sRGB is written; choose auto or sRGB")
    if _fits_as_it_is(video, container, wanted["codec"], encoding["encoding"]):
        write = partial(files.copy_video, video=video, container=container, texts=texts)
    else:
        how = codecs.Encoding(container, _codec(container, wanted["codec"]), encoding.get("crf"))
        write = partial(codecs.write_video, video=video.get_components(), encoding=how, texts=texts)
    saved = save_files([write], folders.current().output, filename_prefix, f"_.{container}", video.get_dimensions())
    return {"ui": shown(saved), "result": (video,)}  # type: ignore[return-value]


def _fits_as_it_is(video: Any, container: str, codec: str, encoding: str) -> bool:
    """Whether a file's own pictures do, and need not be made anew."""
    is_whole = isinstance(video, files.VideoFile) and video.is_whole
    return is_whole and (codec, encoding) == ("auto", "auto") and files.container_of(video) == container


def _codec(container: str, codec: str) -> str:
    return codecs.AUTO[container] if codec == "auto" else codec


@node(
    "SaveWEBM",
    title="Save WEBM",
    category="video",
    outputs=("images",),
    is_output=True,
    experimental=True,
    python_module=MODULE,
    search_aliases=("export webm",),
)
def save_webm(
    images: Image,
    filename_prefix: Annotated[
        str, String(default="ComfyUI", tooltip="May name a subfolder, and hold %year%, %month%, %day%, %width% …")
    ],
    codec: Annotated[str, Combo(("vp9", "av1"), tooltip="av1 makes smaller files.")],
    fps: Annotated[float, Float(default=24.0, min=0.01, max=1000.0, step=0.01, tooltip="Pictures in a second.")],
    crf: Annotated[float, Float(default=32.0, min=0, max=63.0, step=1, tooltip="More makes smaller, worse files.")],
    prompt: Prompt = None,
    extra_pnginfo: PngInfo = None,
) -> Image:
    """Save pictures as a WebM video in output/, with the workflow inside the file."""
    texts = png_texts(prompt, with_recipe(prompt, extra_pnginfo))
    parts = codecs.VideoComponents(images, Fraction(fps))
    write = partial(codecs.write_video, video=parts, encoding=codecs.Encoding("webm", codec, crf), texts=texts)
    size = images.shape[2], images.shape[1]
    saved = save_files([write], folders.current().output, filename_prefix, "_.webm", size)
    return {"ui": shown(saved), "result": (images,)}  # type: ignore[return-value]


def shown(saved: list[dict[str, str]]) -> dict[str, Any]:
    return {"images": [one | {"type": "output"} for one in saved], "animated": (True,)}
