"""How far two files are apart: pictures and films frame by frame, sound sample by sample; and the words for it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import zip_longest

import numpy as np

from comfy_core.media.recording import FILM, SOUND, Recording

SAME_PACE = 0.01
"""In frames a second: some kinds of files round the times of their frames."""


@dataclass(frozen=True)
class Apart:
    """Of the frames (or the sound) that both have: how many frames differ, how many `units` do, pixels or samples, of
    how many, and the largest and the mean difference of a value, which goes up to `most`."""

    frames: int = 0
    units: int = 0
    of: int = 0
    largest: float = 0
    mean: float = 0.0
    most: int = 1

    def __str__(self) -> str:
        return f"by at most {_short(self.largest)} of {self.most} and by {_short(self.mean)} on average"


@dataclass(frozen=True)
class Difference:
    """`unlike` says in words what the two have not in common, and so cannot be compared."""

    unlike: tuple[str, ...] = ()
    pixels: Apart = Apart()
    samples: Apart = Apart()
    frames: int = 0

    @property
    def is_none(self) -> bool:
        return not (self.unlike or self.pixels.units or self.samples.units)

    @property
    def distance(self) -> tuple[float, ...]:
        """Less is closer."""
        return len(self.unlike), self.pixels.mean / self.pixels.most, self.samples.mean


def compare(one: Recording, other: Recording) -> Difference:
    """Raises ImageError for a file that is damaged."""
    unlike = list(_unlike_pictures(one, other))
    frames, pixels = 0, Apart()
    if not unlike:
        if one.pace and other.pace and abs(one.pace - other.pace) > SAME_PACE:
            unlike.append(f"it shows {one.pace:g} frames a second and came out with {other.pace:g}")
        counts, pixels = _compare_frames(one, other)
        frames = min(counts)
        if counts[0] != counts[1]:
            unlike.append("it has {} frames and came out with {}".format(*counts))
    shaped, samples = _compare_sound(one, other)
    return Difference((*unlike, *shaped), pixels, samples, frames)


def _unlike_pictures(one: Recording, other: Recording) -> Iterator[str]:
    if one.size != other.size:
        yield "it is {} × {} and came out {} × {}".format(*one.size, *other.size)
    if one.white != other.white:
        yield f"its colours go up to {one.white} and came out up to {other.white}"


def _compare_frames(one: Recording, other: Recording) -> tuple[tuple[int, int], Apart]:
    """How many frames either has, and how far those that both have are apart."""
    counts = [0, 0]

    def both() -> Iterator[tuple[np.ndarray, np.ndarray]]:
        for pair in zip_longest(one.frames(), other.frames()):
            for place, frame in enumerate(pair):
                counts[place] += frame is not None
            if pair[0] is not None and pair[1] is not None:
                yield _alike(*pair, one.white)

    apart = _measure(both(), one.white)
    return (counts[0], counts[1]), apart


def _alike(one: np.ndarray, other: np.ndarray, white: int) -> tuple[np.ndarray, np.ndarray]:
    """Both with transparency or both without; one without is opaque."""
    if one.shape[-1] == other.shape[-1]:
        return one, other
    return _with_alpha(one, white), _with_alpha(other, white)


def _with_alpha(frame: np.ndarray, white: int) -> np.ndarray:
    height, width, channels = frame.shape
    colours = np.broadcast_to(frame, (height, width, 3)) if channels == 1 else frame
    return frame if channels == 4 else np.concatenate([colours, np.full_like(frame[..., :1], white)], axis=-1)


def _compare_sound(one: Recording, other: Recording) -> tuple[list[str], Apart]:
    its = "it" if one.kind == SOUND else "its sound"
    if one.samples is None or other.samples is None:
        if one.samples is other.samples:
            return [], Apart()
        had, came = ("no sound", "some") if one.samples is None else ("sound", "none")
        return [f"it has {had} and came out with {came}"], Apart()
    (length, channels), (new_length, new_channels) = one.samples.shape, other.samples.shape
    unlike = []
    if one.rate != other.rate:
        unlike.append(f"{its} has {one.rate} samples a second and came out with {other.rate}")
    if channels != new_channels:
        unlike.append(f"{its} has {channels} channels and came out with {new_channels}")
    if unlike:
        return unlike, Apart()
    if length != new_length:
        unlike.append(f"{its} has {length} samples and came out with {new_length}")
    both = min(length, new_length)
    return unlike, _measure([(one.samples[:both], other.samples[:both])], 1)


def _measure(pairs: Iterable[tuple[np.ndarray, np.ndarray]], most: int) -> Apart:
    frames, units, of, values, largest, total = 0, 0, 0, 0, 0.0, 0.0
    for one, other in pairs:
        apart = np.abs(one.astype(np.float32) - other.astype(np.float32))
        differ = int(apart.any(axis=-1).sum())
        frames, units, of = frames + bool(differ), units + differ, of + apart[..., 0].size
        values, total = values + apart.size, total + float(apart.sum(dtype=np.float64))
        largest = max(largest, float(apart.max(initial=0)))
    return Apart(frames, units, of, largest, total / max(values, 1), most)


# --- in words --------------------------------------------------------------------------------------------------------


def verdict(name: str, kind: str, found: Difference) -> str:
    """Is the file `name` the same, and if not, by how much does it differ?"""
    has_sound = found.samples.of > 0
    if found.is_none:
        whole = ["every pixel" + (f" of the {found.frames} frames" if found.frames > 1 else "")] if found.frames else []
        whole += ["every sample"] if has_sound else []
        return f"identical: {' and '.join(whole)} of {name} came out again"
    parts = list(found.unlike)
    if found.pixels.units:
        frames = f"{found.pixels.frames} of {found.frames} frames, " if found.frames > 1 else ""
        parts.append(f"{frames}{found.pixels.units} of {found.pixels.of} pixels, {found.pixels}")
    if found.samples.units:
        whose = " of its sound" if kind == FILM else ""
        parts.append(f"{found.samples.units} of {found.samples.of} samples{whose}, {found.samples}")
    if len(parts) == len(found.unlike) and (found.frames or has_sound):
        parts.append("what both have is the same")
    return f"different: {'; '.join(parts)}"


def _short(value: float) -> str:
    return f"{value:.3g}" if value < 1000 else f"{value:.0f}"
