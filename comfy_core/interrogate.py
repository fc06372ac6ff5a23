"""What a picture shows, in the words of lists: those whose CLIP embeddings lie nearest to the picture's.

Radford et al. 2021, https://arxiv.org/abs/2103.00020: text and pictures share a space, and the cosine says how well
they fit. What a list's words are in that space is computed once for each text encoder, and kept in user/interrogator/.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor

from comfy_core import file_hash, folders, progress
from comfy_core.folders import CHECKOUT, Folders
from comfy_core.memory import residency
from comfy_core.memory.devices import offload_device
from comfy_core.text.clip import CLIP
from comfy_core.text.encode import encode_rows
from comfy_core.text.tokenizer import clip_tokens
from comfy_core.weights import WeightsError
from comfy_core.weights.tensors_file import read_tensors, write_tensors
from comfy_core.whole_file import replacing

FOLDER = "interrogator"
BATCH = 64
MODES = ("fast", "best", "negative")
MEDIUMS, ARTISTS, NEGATIVE = "mediums", "artists", "negative"
NEAREST = 48
"""How many words of all lists the best mode tries at every step."""

Embed = Callable[[Sequence[str]], Tensor]
"""Texts to unit vectors [N, width]."""


def word_lists(where: Folders) -> dict[str, list[str]]:
    """The lists by name: one word or phrase a line in `models/interrogator/<name>.txt`, the user's before the shipped
    of the same name; `#` begins a comment."""
    lists: dict[str, list[str]] = {}
    for folder in (CHECKOUT / "models" / FOLDER, where.base / "models" / FOLDER):
        for path in sorted(folder.glob("*.txt")):
            lines = (line.partition("#")[0].strip() for line in path.read_text("utf-8", "replace").splitlines())
            lists[path.stem] = list(dict.fromkeys(line for line in lines if line))
    return {name: words for name, words in lists.items() if words}


@dataclass
class Interrogator:
    """Describes pictures with `lists`; texts are made vectors by `embed`, the lists' own words by `embed_list`."""

    lists: Mapping[str, Sequence[str]]
    embed: Embed
    embed_list: Embed

    def __post_init__(self) -> None:
        if not self.lists:
            raise ValueError(f"there are no word lists; put text files into models/{FOLDER}/, one word a line.")
        self.vectors = {name: self.embed_list(words) for name, words in self.lists.items()}

    def describe(self, picture: Tensor, mode: str, most_words: int, caption: str = "") -> str:
        """The prompt of a picture, given as its embedding [width].

        `fast` takes the words nearest to the picture, `best` one after the other what brings the whole prompt nearer
        to it, `negative` the words that are farthest from it. `caption` is what the prompt begins with.
        """
        picture = F.normalize(picture.float(), dim=-1)
        if mode == "negative":
            return ", ".join(self._ranked(picture, most_words, nearest=False))
        begin = caption.strip() or self._first(picture)
        if mode == "fast":
            words = [word for word in self._ranked(picture, most_words + 1) if word != begin]
            return ", ".join([begin, *words[:most_words]])
        return self._grown(picture, begin, most_words)

    def _first(self, picture: Tensor) -> str:
        name = MEDIUMS if MEDIUMS in self.lists else next(iter(self.lists))
        return self.lists[name][int((self.vectors[name] @ picture).argmax())]

    def _ranked(self, picture: Tensor, count: int, nearest: bool = True) -> list[str]:
        """Words by how near they are: the negative list's where far ones are wanted, else those of all others."""
        if nearest or NEGATIVE not in self.lists:
            names = [name for name in self.lists if name != NEGATIVE]
        else:
            names = [NEGATIVE]
        scored = [
            (score, f"by {word}" if name == ARTISTS else word)
            for name in names
            for word, score in zip(self.lists[name], (self.vectors[name] @ picture).tolist(), strict=True)
        ]
        scored.sort(reverse=nearest)
        return list(dict.fromkeys(word for _, word in scored))[:count]

    def _grown(self, picture: Tensor, prompt: str, most_words: int) -> str:
        """Add the word that helps most, as long as one does."""
        words = [word for word in self._ranked(picture, NEAREST) if word != prompt]
        (best,) = (self.embed([prompt]) @ picture).tolist()
        for step in range(most_words):
            progress.check_interrupted()
            progress.report(step, most_words)
            if not words:
                break
            scores = self.embed([f"{prompt}, {word}" for word in words]) @ picture
            place = int(scores.argmax())
            if float(scores[place]) <= best:
                break
            best, prompt = float(scores[place]), f"{prompt}, {words.pop(place)}"
        return prompt


# --- text encoders ---------------------------------------------------------------------------------------------------


def embedder(clip: CLIP) -> Embed:
    """What makes unit vectors of texts with a text encoder. Raises ValueError for one without CLIP's projection."""
    encoders = clip.cond_stage_model
    kind = getattr(encoders, "kinds", (None,))[-1]
    if kind is None or not encoders.encoder(kind).dims.projection:
        raise ValueError(
            "this text encoder lacks the projection into the space that texts and pictures share, as in checkpoints of "
            "Stable Diffusion 1; link the CLIP of a Load Whole CLIP node, of SDXL, or of Stable Diffusion 2."
        )
    encoder, chunk = encoders.encoder(kind), encoders.chunks[kind.letter]

    @torch.no_grad()
    def embed(texts: Sequence[str]) -> Tensor:
        made = []
        with residency.use([clip.patcher]):
            for begin in range(0, len(texts), BATCH):
                progress.check_interrupted()
                tokens = [clip_tokens(text)[: chunk.length - 2] for text in texts[begin : begin + BATCH]]
                # what stands behind a text's end does not count in it, so rows are as long as the longest text
                longest = max(len(one) for one in tokens) + 2
                rows = [[chunk.start, *one, chunk.end, *[chunk.pad] * (longest - 2 - len(one))] for one in tokens]
                made.append(encode_rows(encoder, rows, chunk, None).pooled.float().to(offload_device()))
        return F.normalize(torch.cat(made), dim=-1)

    return embed


def remembering(clip: CLIP, embed: Embed) -> Embed:
    """The same for lists of words, whose vectors are kept on disk for as long as the text encoder is the same file."""
    path = getattr(clip.patcher.source, "path", None)
    if path is None or clip.patcher.patches:
        return embed

    def embed_list(words: Sequence[str]) -> Tensor:
        kept = folders.current().user / FOLDER / f"{_key(path, words)}.safetensors"
        with suppress(WeightsError, OSError):
            return read_tensors(kept)[1][0]
        made = embed(words)
        with suppress(OSError):
            kept.parent.mkdir(parents=True, exist_ok=True)
            with replacing(kept) as temporary:
                write_tensors(temporary, path.name, [made])
        return made

    return embed_list


def _key(path: Path, words: Sequence[str]) -> str:
    text = "\n".join([file_hash.file_hash(path), *words])
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def similarity(picture: Tensor, text: Tensor) -> Tensor:
    """The cosine between pictures [B, width] and one text [width], [B]. Raises ValueError for two models' spaces."""
    check_same_space(picture, text)
    return F.normalize(picture.float(), dim=-1) @ text


def check_same_space(picture: Tensor, text: Tensor) -> None:
    if picture.shape[-1] != text.shape[-1]:
        raise ValueError(
            f"the picture encoder gives {picture.shape[-1]} numbers and the text encoder {text.shape[-1]}: they are "
            "not of one CLIP. Load both with Load Whole CLIP, or take the halves of one model."
        )
