"""Ways back through a prompt: the nodes that a picture, a model or a text has come through. Never imports torch."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from nodes.expansion import is_link

Prompt = dict[str, dict[str, Any]]
SAMPLERS = ("KSampler", "KSamplerAdvanced")
CONTROLS = ("ControlNetApplyAdvanced", "ControlNetApply", "ControlNetApplySD3")
ENCODERS = ("CLIPTextEncode", "CLIPTextEncodeA1111", "CLIPTextEncodeSDXL", "CLIPTextEncodeSDXLRefiner")
PICTURES = ("images", "image", "pixels", "samples", "latent_image", "latent")
TEXTS = ("text", "text_g", "string", "value", "prompt")
MOST_TEXT_NODES = 16


@dataclass
class Walk:
    """`prompt` is in the API form; a ring in it ends a way where it closes."""

    prompt: Prompt

    def samplers(self, end: str) -> list[str]:
        """The samplers on the way of the picture to `end`, the first to run first."""
        found: list[str] = []
        for id in self.picture_way(end):
            if self.prompt[id]["class_type"] in SAMPLERS:
                found.insert(0, id)
        return found

    def picture_way(self, id: str) -> Iterator[str]:
        """The nodes that the picture comes through, backwards."""
        seen: set[str] = set()
        while id in self.prompt and id not in seen:
            seen.add(id)
            yield id
            inputs = self.prompt[id]["inputs"]
            sources = [inputs[name][0] for name in PICTURES if is_link(inputs.get(name))]
            id = next(iter(sources), "")

    def at(self, link: Any) -> dict[str, Any]:
        """The node that a link comes from; an empty one where there is none."""
        found = self.prompt.get(link[0]) if is_link(link) else None
        return found or {"class_type": "", "inputs": {}}

    def back(self, link: Any, name: str) -> Iterator[dict[str, Any]]:
        """The nodes behind a link, one after the other, as the input `name` leads on."""
        seen: set[str] = set()
        while is_link(link) and link[0] in self.prompt and link[0] not in seen:
            seen.add(link[0])
            yield (node := self.prompt[link[0]])
            link = node["inputs"].get(name)

    def text(self, link: Any) -> tuple[str, float]:
        """The prompt behind a conditioning, and what the guidance was multiplied by for its parts' sake."""
        parts = list(self.parts(link))
        if len(parts) < 2:
            return (parts[0][0], 1.0) if parts else ("", 1.0)
        joined = " AND ".join(text if weight == 1 else f"{text} :{weight:g}" for text, weight in parts)
        return joined, sum(weight for _, weight in parts)

    def parts(self, link: Any, weight: float = 1.0, seen: frozenset[str] = frozenset()) -> Iterator[tuple[str, float]]:
        if not is_link(link) or link[0] in seen:
            return
        node, seen = self.at(link), seen | {link[0]}
        inputs = node["inputs"]
        if node["class_type"] == "ConditioningCombine":
            for name in ("conditioning_1", "conditioning_2"):
                yield from self.parts(inputs.get(name), weight, seen)
        elif node["class_type"] in CONTROLS:
            yield from self.parts(before_control(node, link), weight, seen)
        elif node["class_type"] in ENCODERS:
            yield self.words(next((inputs[name] for name in TEXTS if name in inputs), "")), weight
        elif node["class_type"] != "ConditioningZeroOut":
            strength = inputs.get("strength", 1.0) if node["class_type"] == "ConditioningSetAreaStrength" else 1.0
            yield from self.parts(inputs.get("conditioning"), weight * strength, seen)

    def controls(self, link: Any) -> list[dict[str, Any]]:
        """The ControlNets that are applied to a conditioning, the first one first."""
        found: list[dict[str, Any]] = []
        while (node := self.at(link))["class_type"] in CONTROLS and node not in found:
            found.insert(0, node)
            link = before_control(node, link)
        return found

    def words(self, value: Any, deep: int = MOST_TEXT_NODES) -> str:
        """A text, or what a linked text holds as far as it is written in the graph."""
        if not is_link(value):
            return value if isinstance(value, str) else ""
        inputs = self.at(value)["inputs"]
        found = next((inputs[name] for name in TEXTS if name in inputs), "")
        return self.words(found, deep - 1) if deep else ""


def before_control(node: dict[str, Any], link: list[Any]) -> Any:
    """The conditioning that a ControlNet is applied to for the side of it that `link` takes."""
    sides = ("positive", "negative") if "positive" in node["inputs"] else ("conditioning",) * 2
    return node["inputs"].get(sides[1 if link[1] == 1 else 0])
