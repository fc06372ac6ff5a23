"""Poses as OpenPose writes them (Cao et al. 2018, https://arxiv.org/abs/1812.08008), drawn as ControlNets know them.

A frame is `{"people": [{"pose_keypoints_2d": [x, y, score, …], "hand_left_keypoints_2d": …, "hand_right_keypoints_2d":
…, "face_keypoints_2d": …, "foot_keypoints_2d": …}], "canvas_width": 512, "canvas_height": 768}`; points are pixels, or
shares of the canvas where none is above 1. A score of 0 says that a point was not seen.
"""

from __future__ import annotations

import colorsys
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from PIL import Image, ImageDraw
from torch import Tensor

from comfy_core.media.images import to_tensor

Frame = dict[str, Any]
Point = tuple[float, float]
LIMBS = (
    *((1, 2), (1, 5), (2, 3), (3, 4), (5, 6), (6, 7), (1, 8), (8, 9), (9, 10)),
    *((1, 11), (11, 12), (12, 13), (1, 0), (0, 14), (14, 16), (0, 15), (15, 17)),
)
"""Neck to shoulders, arms, legs, nose, eyes and ears, in the order of their colours."""
FINGERS = tuple((place if place % 4 else 0, place + 1) for place in range(20))
"""From the wrist, four bones a finger."""
JOINTS = 18
HEAD = {0, 14, 15, 16, 17}
ANKLES = (13, 13, 13, 10, 10, 10)
"""Where the points of the feet hang: toes and heel of the left one, then of the right one."""
SHADE = 0.6
LARGEST = 16384


@dataclass(frozen=True)
class Style:
    """What is drawn of a person, how thick, and from which score on a point counts as seen."""

    body: bool = True
    hands: bool = True
    face: bool = True
    feet: bool = False
    head: bool = True
    stick: int = 4
    face_point: int = 3
    threshold: float = 0.0


AS_OPENPOSE = Style()


def read_pose(text: str) -> list[Frame]:
    """The frames in a JSON text: one, or a list of them.

    Raises:
        ValueError: it is not JSON, or a frame lacks people or a canvas; the message says what.
    """
    try:
        content = json.loads(text)
    except ValueError as error:
        raise ValueError(f"the pose is not JSON: {error}") from error
    frames = content if isinstance(content, list) else [content]
    if not frames:
        raise ValueError("the pose is an empty list; it needs a frame with people in it")
    for frame in frames:
        _check(frame)
    return frames


def _check(frame: Any) -> None:
    if not isinstance(frame, dict) or not isinstance(frame.get("people"), list):
        raise ValueError('a frame of the pose has no list of "people"; give the JSON that OpenPose writes')
    for side in ("canvas_width", "canvas_height"):
        size = frame.get(side)
        if not isinstance(size, int) or not 1 <= size <= LARGEST:
            raise ValueError(f"{side} of the pose is {size!r}; give a number of pixels from 1 to {LARGEST}")


def draw_pose(frames: Sequence[Frame], style: Style = AS_OPENPOSE) -> Tensor:
    """The people of frames of one size as pictures [B, H, W, 3] on black. Raises ValueError for damaged points."""
    pictures = [_drawn(frame, style) for frame in frames]
    if len({picture.size for picture in pictures}) > 1:
        raise ValueError("the frames of the pose have different sizes; draw them apart")
    return torch.stack([to_tensor(picture) for picture in pictures])


def _drawn(frame: Frame, style: Style) -> Image.Image:
    picture = Image.new("RGB", (frame["canvas_width"], frame["canvas_height"]))
    draw = ImageDraw.Draw(picture)

    def points(person: Any, part: str) -> list[Point | None]:
        return _points(person, f"{part}_keypoints_2d", picture.size, style.threshold)

    for person in frame["people"]:
        body = points(person, "pose")
        if not style.head:
            body = [None if number in HEAD else point for number, point in enumerate(body)]
        if style.body:
            _draw_body(draw, body, style.stick)
        if style.feet:
            _draw_feet(draw, body, points(person, "foot"), style.stick)
        for side in ("left", "right") if style.hands else ():
            _draw_hand(draw, points(person, f"hand_{side}"), style.stick)
        for point in points(person, "face") if style.face else ():
            _dot(draw, point, style.face_point, (255, 255, 255))
    return picture


def _points(person: Any, part: str, size: tuple[int, int], threshold: float) -> list[Point | None]:
    """The points of a part of a person in pixels; None for one that was not seen."""
    flat = (person.get(part) if isinstance(person, dict) else None) or []
    if flat and isinstance(flat[0], list):
        flat = [number for point in flat for number in point]
    if len(flat) % 3 or not all(isinstance(number, int | float) and math.isfinite(number) for number in flat):
        raise ValueError(f"{part} of a person is not a list of x, y and score for each point")
    found = [
        (x, y) if score > 0 and score >= threshold else None for x, y, score in zip(*[iter(flat)] * 3, strict=True)
    ]
    seen = [number for point in found if point for number in point]
    if seen and max(map(abs, seen)) <= 1:
        return [point and (point[0] * size[0], point[1] * size[1]) for point in found]
    return found


def _draw_body(draw: ImageDraw.ImageDraw, points: list[Point | None], stick: int) -> None:
    """Limbs as narrow ellipses in darker colours, joints as dots over them. OpenPose's 18 points."""
    for number, (start, end) in enumerate(LIMBS):
        a, b = _at(points, start), _at(points, end)
        if a and b:
            draw.polygon(_ellipse(a, b, stick), fill=_hue(number, JOINTS, SHADE))
    for number, point in enumerate(points[:JOINTS]):
        _dot(draw, point, stick, _hue(number, JOINTS))


def _draw_feet(draw: ImageDraw.ImageDraw, body: list[Point | None], points: list[Point | None], stick: int) -> None:
    """From each ankle to toes and heel, in the ankle's colour."""
    for point, ankle in zip(points, ANKLES, strict=False):
        a, colour = _at(body, ankle), _hue(ankle, JOINTS)
        if a and point:
            draw.line([a, point], fill=colour, width=max(stick // 2, 1))
        _dot(draw, point, stick, colour)


def _draw_hand(draw: ImageDraw.ImageDraw, points: list[Point | None], stick: int) -> None:
    for number, (start, end) in enumerate(FINGERS):
        a, b = _at(points, start), _at(points, end)
        if a and b:
            draw.line([a, b], fill=_hue(number, len(FINGERS)), width=2)
    for point in points:
        _dot(draw, point, stick, (0, 0, 255))


def _at(points: list[Point | None], number: int) -> Point | None:
    return points[number] if number < len(points) else None


def _ellipse(a: Point, b: Point, stick: int) -> list[Point]:
    """The outline of an ellipse from one point to another."""
    middle = (a[0] + b[0]) / 2, (a[1] + b[1]) / 2
    along, angle = math.dist(a, b) / 2, math.atan2(b[1] - a[1], b[0] - a[0])
    cos, sin = math.cos(angle), math.sin(angle)
    turns = (2 * math.pi * number / 72 for number in range(72))
    places = ((along * math.cos(turn), stick * math.sin(turn)) for turn in turns)
    return [(middle[0] + u * cos - v * sin, middle[1] + u * sin + v * cos) for u, v in places]


def _dot(draw: ImageDraw.ImageDraw, point: Point | None, radius: int, colour: Any) -> None:
    if point is not None:
        x, y = point
        draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=colour)


def _hue(number: int, count: int, shade: float = 1.0) -> tuple[int, int, int]:
    """One of so many colours around the circle."""
    red, green, blue = (round(255 * part * shade) for part in colorsys.hsv_to_rgb(number / count, 1, 1))
    return red, green, blue
