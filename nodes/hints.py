"""Nodes that make of pictures what ControlNets take, as far as no trained network is needed for it. Where the field's
auxiliary pack has a node, its id and inputs are those of that pack.
"""

from __future__ import annotations

from typing import Annotated, Any

from comfy_core.media import hints
from comfy_core.media.filters import edges
from comfy_core.media.pose import Style, draw_pose, read_pose
from nodes.schema import UINT64_MAX, Boolean, Combo, Float, Int, Socket, String, node
from nodes.types import Image, Mask

LINES, COLOURS, MAPS, POSES = (
    f"image/controlnet/{one}" for one in ("lines", "colours and tiles", "depth and normals", "poses")
)
Resolution = Annotated[
    int, Int(default=512, min=64, max=16384, step=64, tooltip="Of the shorter side of the result, in pixels.")
]
Gamma = Annotated[
    float, Float(default=1.0, min=0.1, max=2.0, step=0.01, tooltip="Above 1 the result is darker, below it lighter.")
]
Pose = Annotated[list, Socket("POSE_KEYPOINT", tooltip="People's joints, frame by frame.")]


@node("CannyEdgePreprocessor", title="Canny Edge", category=LINES, gives_way=True)
def canny_edge(
    image: Image,
    low_threshold: Annotated[int, Int(default=100, min=0, max=255, tooltip="Edges below it do not count.")]
    | None = None,
    high_threshold: Annotated[int, Int(default=200, min=0, max=255, tooltip="Edges above it always count.")]
    | None = None,
    resolution: Resolution | None = None,
) -> Image:
    """White lines where pictures have edges."""
    low, high = _or(low_threshold, 100), _or(high_threshold, 200)
    if low > high:
        raise ValueError(f"low_threshold {low} is above high_threshold {high}; make it the smaller")
    return edges(_resized(image, resolution), low / 255, high / 255)


@node("SoftEdges", title="Soft Edges", category=LINES, search_aliases=("hed", "pidinet", "softedge"))
def soft_edges(
    image: Image,
    sigma: Annotated[float, Float(default=1.5, min=0.0, max=20.0, step=0.1, tooltip="Larger leaves out finer edges.")],
    resolution: Resolution,
) -> Image:
    """Edges as soft lines, for ControlNets that were trained with HED or PiDiNet."""
    return hints.soft_edges(hints.at_resolution(image, resolution), sigma)


@node("ScribblePreprocessor", title="Scribble Lines", category=LINES, gives_way=True)
def scribble(image: Image, resolution: Resolution | None = None) -> Image:
    """A drawing in dark on light as white on black."""
    return hints.scribble(_resized(image, resolution))


@node("Scribble_XDoG_Preprocessor", title="Scribble XDoG Lines", category=LINES, gives_way=True)
def scribble_xdog(
    image: Image,
    threshold: Annotated[int, Int(default=32, min=1, max=64, tooltip="Lower gives more lines.")] | None = None,
    resolution: Resolution | None = None,
) -> Image:
    """White strokes where pictures are darker than around, as if drawn by hand."""
    return hints.difference_of_gaussians(_resized(image, resolution), _or(threshold, 32) / 255)


@node("LineartStandardPreprocessor", title="Standard Lineart", category=LINES, gives_way=True)
def lineart_standard(
    image: Image,
    guassian_sigma: Annotated[
        float, Float(default=6.0, min=0.0, max=100.0, step=0.01, tooltip="How far around a pixel is compared with it.")
    ]
    | None = None,
    intensity_threshold: Annotated[int, Int(default=8, min=0, max=16, tooltip="Weaker lines do not set the contrast.")]
    | None = None,
    resolution: Resolution | None = None,
) -> Image:
    """White lines where pictures are darker than around, in their shades."""
    sigma, threshold = _or(guassian_sigma, 6.0), _or(intensity_threshold, 8) / 255
    return hints.line_art(_resized(image, resolution), sigma, threshold)


@node("BinaryPreprocessor", title="Binary Lines", category=LINES, gives_way=True)
def binary(
    image: Image,
    bin_threshold: Annotated[int, Int(default=100, min=0, max=255, tooltip="Up to this lightness is white.")]
    | None = None,
    resolution: Resolution | None = None,
) -> Image:
    """White where pictures are dark, and black elsewhere."""
    return hints.binary(_resized(image, resolution), _or(bin_threshold, 100) / 255)


@node("ColorPreprocessor", title="Color Pallete", category=COLOURS, gives_way=True)
def color(image: Image, resolution: Resolution | None = None) -> Image:
    """Squares of 64 pixels, each in the mean colour of the picture there."""
    return hints.colour_grid(_resized(image, resolution))


@node("ImageLuminanceDetector", title="Image Luminance", category=COLOURS, gives_way=True)
def image_luminance(image: Image, gamma_correction: Gamma | None = None, resolution: Resolution | None = None) -> Image:
    """Pictures in grey, as light as the eye sees them: for recolouring."""
    return hints.luminance(_resized(image, resolution), _or(gamma_correction, 1.0))


@node("ImageIntensityDetector", title="Image Intensity", category=COLOURS, gives_way=True)
def image_intensity(image: Image, gamma_correction: Gamma | None = None, resolution: Resolution | None = None) -> Image:
    """Pictures in grey, as light as their strongest colour: for recolouring."""
    return hints.intensity(_resized(image, resolution), _or(gamma_correction, 1.0))


@node("TilePreprocessor", title="Tile", category=COLOURS, gives_way=True)
def tile(
    image: Image,
    pyrUp_iters: Annotated[int, Int(default=3, min=1, max=10, step=1, tooltip="How often it is halved.")] | None = None,
    resolution: Resolution | None = None,
) -> Image:
    """Pictures without their detail, which a tile ControlNet makes up."""
    return hints.tile(_resized(image, resolution), _or(pyrUp_iters, 3))


@node("ShufflePreprocessor", title="Content Shuffle", category=COLOURS, gives_way=True)
def shuffle(
    image: Image,
    resolution: Resolution | None = None,
    seed: Annotated[int, Int(default=0, min=0, max=UINT64_MAX, tooltip="Other seeds, other places.")] | None = None,
) -> Image:
    """The content of pictures at other places, for the ControlNet that takes the style of one."""
    return hints.shuffled(_resized(image, resolution), _or(seed, 0))


@node("InpaintPreprocessor", title="Inpaint Preprocessor", category=COLOURS, gives_way=True)
def inpaint(
    image: Image,
    mask: Mask,
    black_pixel_for_xinsir_cn: Annotated[
        bool, Boolean(default=False, tooltip="Black in place of -1, for ControlNets of SDXL.")
    ]
    | None = None,
) -> Image:
    """Pictures with a mark where an inpainting ControlNet is to make something up."""
    return hints.masked_out(image, mask, bool(black_pixel_for_xinsir_cn))


@node("DepthMapLevels", title="Depth Map Levels", category=MAPS, search_aliases=("depth", "normalize depth"))
def depth_map_levels(
    image: Image,
    near_is: Annotated[str, Combo(("white", "black"), tooltip="In the maps that come in.")],
    cut: Annotated[
        float, Float(default=0.0, min=0.0, max=0.5, step=0.001, tooltip="The share of pixels cut off at either end.")
    ],
    resolution: Resolution,
) -> Image:
    """Given depth maps as ControlNets take them: near white, far black, over the whole range."""
    return hints.depth_levels(hints.at_resolution(image, resolution), near_is == "white", cut)


@node("NormalMapFromDepth", title="Normal Map from Depth", category=MAPS, search_aliases=("normals", "normal map"))
def normal_map_from_depth(
    depth: Annotated[Any, Socket("IMAGE", tooltip="Depth maps where near is white.")],
    strength: Annotated[float, Float(default=1.0, min=0.0, max=100.0, step=0.01, tooltip="How deep the depths are.")],
    background: Annotated[
        float, Float(default=0.0, min=0.0, max=1.0, step=0.01, tooltip="What is darker faces the eye.")
    ],
) -> Image:
    """The directions that surfaces face: red to the right, green up, blue to the eye."""
    return hints.normals_from_depth(depth, strength, background)


@node("PoseKeypointsFromText", title="Pose Keypoints from Text", category=POSES, search_aliases=("openpose", "json"))
def pose_keypoints_from_text(
    text: Annotated[str, String(multiline=True, default="", tooltip="The JSON that OpenPose writes, or a list of it.")],
) -> Pose:
    """Read poses."""
    return read_pose(text)


@node(
    "RenderPeopleKps",
    title="Render Pose JSON (Human)",
    category=POSES,
    search_aliases=("openpose", "draw pose"),
    gives_way=True,
)
def render_people_kps(
    kps: Pose,
    render_body: Annotated[bool, Boolean(default=True, tooltip="Draw the body.")],
    render_hand: Annotated[bool, Boolean(default=True, tooltip="Draw the hands.")],
    render_face: Annotated[bool, Boolean(default=True, tooltip="Draw the face.")],
) -> Image:
    """Draw poses as OpenPose does."""
    return draw_pose(kps, Style(render_body, render_hand, render_face))


@node(
    "SDPoseDrawKeypoints",
    title="SDPose Draw Keypoints",
    category="image/detection",
    python_module="comfy_extras.nodes_sdpose",
    search_aliases=("openpose", "pose detection", "preprocessor", "keypoints", "pose"),
)
def sdpose_draw_keypoints(
    keypoints: Pose,
    draw_body: Annotated[bool, Boolean(default=True, tooltip="Draw the body.")],
    draw_hands: Annotated[bool, Boolean(default=True, tooltip="Draw the hands.")],
    draw_face: Annotated[bool, Boolean(default=True, tooltip="Draw the face.")],
    draw_feet: Annotated[bool, Boolean(default=False, tooltip="Draw toes and heels.")],
    stick_width: Annotated[int, Int(default=4, min=1, max=10, step=1, tooltip="Of limbs and joints, in pixels.")],
    face_point_size: Annotated[int, Int(default=3, min=1, max=10, step=1, tooltip="In pixels.")],
    score_threshold: Annotated[
        float, Float(default=0.3, min=0.0, max=1.0, step=0.01, tooltip="Points that are less certain are left out.")
    ],
    draw_head: Annotated[bool, Boolean(default=True, tooltip="Draw nose, eyes and ears.")],
) -> Image:
    """Draw poses, the certain points of them, as thick as you like."""
    style = Style(draw_body, draw_hands, draw_face, draw_feet, draw_head, stick_width, face_point_size, score_threshold)
    return draw_pose(keypoints, style)


def _resized(image: Any, resolution: int | None) -> Any:
    return hints.at_resolution(image, _or(resolution, 512))


def _or(value: Any, default: Any) -> Any:
    """An optional input, or its default where it was not given."""
    return default if value is None else value
