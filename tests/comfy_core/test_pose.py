"""Poses drawn as OpenPose does, and what is no pose."""

from __future__ import annotations

import json
from typing import Any

import pytest
import torch

from comfy_core.media.pose import Style, draw_pose, read_pose

BODY = [(64, 10), (64, 30), (50, 30), (45, 50), (42, 70), (78, 30), (83, 50), (86, 70), (56, 70), (55, 95), (54, 120)]
BODY += [(72, 70), (73, 95), (74, 120), (61, 8), (67, 8), (57, 10), (71, 10)]


def frame(points: list[Any] | None = None, **parts: Any) -> dict[str, Any]:
    flat = [number for point in (BODY if points is None else points) for number in (*point, 1.0)]
    return {"people": [{"pose_keypoints_2d": flat, **parts}], "canvas_width": 128, "canvas_height": 136}


def colour(picture: torch.Tensor, x: float, y: float) -> list[int]:
    return (picture[0, round(y), round(x)] * 255).round().int().tolist()


def test_joints_and_limbs_have_the_colours_that_controlnets_know():
    picture = draw_pose(read_pose(json.dumps(frame())))
    assert picture.shape == (1, 136, 128, 3)
    assert colour(picture, *BODY[3]) == [255, 255, 0]
    assert colour(picture, *BODY[10]) == [0, 170, 255]
    assert colour(picture, 47.5, 40) == [153, 102, 0], "the left upper arm, at 0.6 of its colour"
    assert colour(picture, 64, 20) == [0, 0, 153], "the neck"
    assert colour(picture, 5, 5) == [0, 0, 0]


def test_points_may_be_shares_of_the_canvas_or_lists_of_their_own():
    shares = frame([(x / 128, y / 136) for x, y in BODY])
    nested = frame(pose_keypoints_2d=[[x, y, 1] for x, y in BODY])
    expected = draw_pose([frame()])
    for other in (shares, nested):
        assert (draw_pose([other]) - expected).abs().mean() < 1e-3


def test_a_joint_that_was_not_seen_is_not_drawn_nor_its_limbs():
    flat = frame()["people"][0]["pose_keypoints_2d"]
    flat[4 * 3 + 2] = 0
    picture = draw_pose([frame(pose_keypoints_2d=flat)])
    assert colour(picture, *BODY[4]) == [0, 0, 0]
    assert colour(picture, 43.5, 60) == [0, 0, 0]


def test_hands_and_faces_can_be_left_out():
    hand = [number for place in range(21) for number in (20 + place * 4, 130, 1)]
    parts = {"hand_left_keypoints_2d": hand, "face_keypoints_2d": [10, 10, 1, 20, 10, 0]}
    whole = draw_pose([frame([], **parts)])
    assert colour(whole, 20, 130) == [0, 0, 255]
    assert colour(whole, 10, 10) == [255, 255, 255]
    assert colour(whole, 20, 10) == [0, 0, 0]
    assert not draw_pose([frame([], **parts)], Style(hands=False, face=False)).any()


def test_heads_can_be_left_out_and_feet_put_in():
    feet = {"foot_keypoints_2d": [80, 130, 1, 84, 130, 1, 70, 124, 1, 40, 130, 1, 44, 130, 1, 50, 124, 1]}
    headless = draw_pose([frame(**feet)], Style(head=False))
    assert not headless[0, :20].any()
    assert colour(headless, *BODY[1]) == [255, 85, 0]
    picture = draw_pose([frame(**feet)], Style(feet=True))
    assert colour(picture, 80, 130) == colour(picture, *BODY[13]), "the left big toe, as the left ankle"
    assert colour(picture, 44, 130) == colour(picture, *BODY[10])
    assert colour(draw_pose([frame(**feet)]), 80, 130) == [0, 0, 0]


def test_uncertain_points_are_left_out_and_sticks_have_a_width():
    flat = frame()["people"][0]["pose_keypoints_2d"]
    flat[4 * 3 + 2] = 0.2
    strict, lax = (draw_pose([frame(pose_keypoints_2d=flat)], Style(threshold=one)) for one in (0.3, 0.2))
    assert (colour(strict, *BODY[4]), colour(lax, *BODY[4])) == ([0, 0, 0], [170, 255, 0])
    thin, thick = (draw_pose([frame()], Style(stick=one)).any(-1).sum() for one in (1, 8))
    assert 3 * thin < thick


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("{", "the pose is not JSON"),
        ("[]", "an empty list"),
        ("3", 'has no list of "people"'),
        ('{"people": []}', "canvas_width of the pose is None; give a number of pixels from 1 to 16384"),
        ('{"people": [], "canvas_width": 100000, "canvas_height": 1}', "canvas_width of the pose is 100000"),
    ],
)
def test_what_is_no_pose_is_refused_in_a_sentence(text: str, says: str):
    with pytest.raises(ValueError, match=says):
        read_pose(text)


@pytest.mark.parametrize("points", [[1, 2], [1, 2, "x"], [float("nan"), 1, 1], ["abc"], [[1, 2]]])
def test_damaged_points_are_refused_in_a_sentence(points: Any):
    with pytest.raises(ValueError, match="pose_keypoints_2d of a person is not a list of x, y and score"):
        draw_pose([frame(pose_keypoints_2d=points)])


def test_an_empty_scene_is_black_and_frames_have_one_size():
    empty = {"people": [], "canvas_width": 8, "canvas_height": 4}
    assert not draw_pose([empty, empty]).any()
    with pytest.raises(ValueError, match="different sizes"):
        draw_pose([empty, frame()])
