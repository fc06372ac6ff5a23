"""How far two files are apart, in figures and in words."""

from __future__ import annotations

import numpy as np
import pytest

from comfy_core.media.recording import FILM, PICTURE, SOUND, Recording
from web.server.cli.comparison import compare, verdict

GREY = np.full((2, 2, 3), 100, np.uint8)
TONE = np.sin(np.arange(8, dtype=np.float32))[:, None]


def film(*frames: np.ndarray, pace: float = 12.0, kind: str = FILM, **sound) -> Recording:
    height, width = frames[0].shape[:2]
    return Recording(kind, (width, height), pace=pace, frames=lambda: iter(frames), **sound)


def picture(frame: np.ndarray) -> Recording:
    return film(frame, pace=0.0, kind=PICTURE)


def tone(samples: np.ndarray, rate: int = 8000) -> Recording:
    return Recording(SOUND, samples=samples, rate=rate)


def dotted(frame: np.ndarray, *values: int) -> np.ndarray:
    """With other values in the first channel of the first pixels."""
    changed = frame.copy()
    changed.reshape(-1, frame.shape[-1])[: len(values), 0] = values
    return changed


def said(one: Recording, other: Recording) -> str:
    return verdict("it.x", one.kind, compare(one, other))


def test_pictures_are_compared_value_by_value():
    found = compare(picture(GREY), picture(dotted(GREY, 110, 96)))
    assert (found.pixels.units, found.pixels.of, found.pixels.largest) == (2, 4, 10)
    assert found.pixels.mean == pytest.approx(14 / 12)
    assert said(picture(GREY), picture(dotted(GREY, 110, 96))) == (
        "different: 2 of 4 pixels, by at most 10 of 255 and by 1.17 on average"
    )
    assert said(picture(GREY), picture(GREY)) == "identical: every pixel of it.x came out again"


def test_a_picture_without_transparency_is_opaque():
    opaque = np.dstack([GREY, np.full((2, 2), 255, np.uint8)])
    assert compare(picture(GREY), picture(opaque)).is_none
    assert not compare(picture(opaque // 2), picture(GREY)).is_none


def test_the_steps_of_deep_pictures_are_counted_in_full():
    deep = np.zeros((1, 2, 3), np.uint16)
    one, other = (Recording(PICTURE, (2, 1), 65535, frames=lambda i=i: iter([deep + i])) for i in (0, 12345))
    assert said(one, other) == "different: 2 of 2 pixels, by at most 12345 of 65535 and by 12345 on average"


def test_light_is_compared_as_it_is():
    light = np.linspace(-1, 9, 12, dtype=np.float32).reshape(2, 2, 3)
    one, other = (Recording(PICTURE, (2, 2), 1, frames=lambda: iter([light])) for _ in range(2))
    assert compare(one, other).is_none
    brighter = Recording(PICTURE, (2, 2), 1, frames=lambda: iter([light + np.float32(0.5)]))
    assert said(one, brighter) == "different: 4 of 4 pixels, by at most 0.5 of 1 and by 0.5 on average"


def test_all_frames_of_a_film_count_and_its_sound():
    made = film(GREY, GREY, GREY, samples=TONE, rate=8000)
    assert said(made, made) == "identical: every pixel of the 3 frames and every sample of it.x came out again"
    again = film(GREY, dotted(GREY, 101), GREY, samples=TONE + np.float32(0.5), rate=8000)
    assert said(made, again) == (
        "different: 1 of 3 frames, 1 of 12 pixels, by at most 1 of 255 and by 0.0278 on average; "
        "8 of 8 samples of its sound, by at most 0.5 of 1 and by 0.5 on average"
    )


def test_sound_is_compared_sample_by_sample():
    assert said(tone(TONE), tone(TONE)) == "identical: every sample of it.x came out again"
    louder = TONE.copy()
    louder[3] += 0.25
    assert said(tone(TONE), tone(louder)) == (
        "different: 1 of 8 samples, by at most 0.25 of 1 and by 0.0312 on average"
    )


@pytest.mark.parametrize(
    ("one", "other", "words"),
    [
        (picture(GREY), picture(GREY[:1]), "it is 2 × 2 and came out 2 × 1"),
        (film(GREY), film(GREY, pace=24.0), "it shows 12 frames a second and came out with 24"),
        (film(GREY), film(GREY, samples=TONE, rate=8000), "it has no sound and came out with some"),
        (tone(TONE), tone(TONE, 16000), "it has 8000 samples a second and came out with 16000"),
        (tone(TONE), tone(TONE.repeat(2, axis=1)), "it has 1 channels and came out with 2"),
        (film(GREY, GREY), film(GREY), "it has 2 frames and came out with 1; what both have is the same"),
        (tone(TONE[:5]), tone(TONE), "it has 5 samples and came out with 8; what both have is the same"),
    ],
)
def test_what_cannot_be_compared_is_said(one: Recording, other: Recording, words: str):
    assert not compare(one, other).is_none
    assert words in said(one, other)


def test_the_closest_is_what_has_most_in_common():
    original = picture(GREY)
    others = [picture(GREY[:1]), picture(dotted(GREY, 200)), picture(dotted(GREY, 102))]
    assert min(others, key=lambda one: compare(original, one).distance) is others[2]
