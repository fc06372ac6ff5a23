"""Quality control: pictures that are black, flat, broken, blurred or doubles are rejected, and made again."""

from __future__ import annotations

from typing import Annotated, Any

import torch

from comfy_core.media.quality import HASH_BITS, Rules, judged, psnr, ssim
from nodes.expansion import GraphBuilder, GraphNode, is_link, sources_first
from nodes.schema import UINT64_MAX, Boolean, Combo, Float, Hidden, Int, Socket, String, node
from nodes.types import Image

CATEGORY = "image/quality"
SEEDS = ("seed", "noise_seed")
STOP, GOOD, ALL = "stop", "pass on the good ones", "pass on all"
KEEP = "pass on the last"
OUTPUTS = ("images", "passed", "report")

RulesSocket = Annotated[Rules, Socket("EASEL_QUALITY_RULES", tooltip="When a picture is rejected.")]
Others = Annotated[torch.Tensor, Socket("IMAGE", tooltip="Pictures of which no near double is wanted.")]
Attempts = Annotated[int, Int(default=5, min=1, max=100, tooltip="How often it is tried, the first time included.")]
SeedInput = Annotated[
    str, String(default="", tooltip="The seed to change, as node.input (5.seed); empty: all that lead to the picture.")
]
Otherwise = Annotated[str, Combo((STOP, KEEP), tooltip="What happens when no attempt passes.")]
Text = Annotated[str, String()]


@node("EaselQualityRules", title="Quality Rules", category=CATEGORY, outputs=("rules",))
def quality_rules(
    black: Annotated[
        float, Float(default=0.03, min=0, max=1, step=0.01, tooltip="Black up to this brightness; 0 does not look.")
    ],
    flat: Annotated[
        float, Float(default=0.01, min=0, max=1, step=0.005, tooltip="Flat if levels vary by less; 0 does not look.")
    ],
    blur: Annotated[
        float,
        Float(default=0.0, min=0, max=10_000, step=1, tooltip="Blurred below this sharpness, say 20; 0 does not look."),
    ],
    duplicates: Annotated[
        int,
        Int(default=-1, min=-1, max=HASH_BITS, tooltip="Doubles differ in no more of 63 bits, say 6; -1: no look."),
    ],
) -> RulesSocket:
    """When a picture is rejected: black, flat, blurred, or nearly the same as another; one with no numbers always."""
    return Rules(black, flat, blur, duplicates)


@node(
    "EaselQualityCheck",
    title="Quality Check",
    category=CATEGORY,
    outputs=OUTPUTS,
    search_aliases=("black image", "nan", "blur detection", "duplicate", "filter images", "sanity check"),
)
def quality_check(
    images: Image,
    rules: RulesSocket,
    then: Annotated[str, Combo((GOOD, ALL, STOP), tooltip="What happens when pictures are rejected.")],
    others: Others | None = None,
) -> tuple[Image, Annotated[bool, Boolean()], Text]:
    """Look at pictures and sort out what is wrong; whether all pass, and what was rejected. Stops if none is left."""
    verdicts = judged(images, rules, others)
    report = _report(verdicts)
    bad = [place for place, verdict in enumerate(verdicts) if verdict]
    if bad and (then == STOP or (then == GOOD and len(bad) == len(images))):
        raise ValueError(f"the quality check rejects {len(bad)} of {len(images)} pictures: {report}")
    kept = images if then == ALL else images[[place for place, verdict in enumerate(verdicts) if not verdict]]
    return _shown(report, (kept, not bad, report))


@node(
    "EaselImageDifference",
    title="Image Difference",
    category=CATEGORY,
    outputs=("psnr", "ssim", "largest"),
    search_aliases=("psnr", "ssim", "compare images", "quantization error"),
)
def image_difference(
    image_a: Image, image_b: Image
) -> tuple[Annotated[float, Float()], Annotated[float, Float()], Annotated[float, Float()]]:
    """How far two pictures (or batches, of which the worst counts) are apart: as signal to noise in decibels (100 for
    none), as structural similarity (1 for the same), and by their largest difference in 8-bit levels."""
    if image_a.shape != image_b.shape:
        sizes = " and ".join("x".join(map(str, one.shape)) for one in (image_a, image_b))
        raise ValueError(f"the pictures must be as many and as large: these are {sizes}.")
    noise = float(psnr(image_a, image_b).clamp(max=100).min())
    alike = float(ssim(image_a, image_b).min())
    largest = float((image_a.float() - image_b.float()).abs().max() * 255)
    said = f"PSNR {noise:.2f} dB, SSIM {alike:.4f}, largest difference {largest:.1f} of 255"
    return _shown(said, (noise, alike, largest))


@node(
    "EaselRetry",
    title="Retry Until It Passes",
    category=CATEGORY,
    outputs=("images", "attempts", "report"),
    search_aliases=("retry", "quality", "reroll", "next seed", "until good"),
    may_expand=True,
)
def retry(
    images: Image,
    rules: RulesSocket,
    attempts: Attempts,
    otherwise: Otherwise,
    seed_input: SeedInput,
    others: Others | None = None,
    unique_id: Annotated[str, Hidden("UNIQUE_ID")] = "",
    dynprompt: Annotated[Any, Hidden("DYNPROMPT")] = None,
) -> tuple[Image, Annotated[int, Int()], Text]:
    """Make the pictures again with the next seed until all of them pass."""
    return retry_round(images, rules, attempts, otherwise, seed_input, 1, "", others, unique_id, dynprompt)


@node(
    "EaselRetryRound",
    title="Retry Round",
    category=CATEGORY,
    outputs=("images", "attempts", "report"),
    may_expand=True,
)
def retry_round(
    images: Image,
    rules: RulesSocket,
    attempts: Attempts,
    otherwise: Otherwise,
    seed_input: SeedInput,
    attempt: Annotated[int, Int(default=1, min=1, max=100, tooltip="Which attempt this is.")],
    rejected: Annotated[str, String(default="", tooltip="What was rejected before.")],
    others: Others | None = None,
    unique_id: Annotated[str, Hidden("UNIQUE_ID")] = "",
    dynprompt: Annotated[Any, Hidden("DYNPROMPT")] = None,
) -> tuple[Image, Annotated[int, Int()], Text]:
    """One round of Retry Until It Passes, which makes this node."""
    verdicts = judged(images, rules, others)
    if not any(verdicts):
        report = f"{rejected}attempt {attempt}: passes" if rejected else "passes"
        return _shown(report, (images, attempt, report))
    report = f"{rejected}attempt {attempt}: {_report(verdicts)}"
    if attempt >= attempts:
        if otherwise == STOP:
            raise ValueError(f"no picture passes in {attempts} attempts; {report}")
        return _shown(report, (images, attempt, report))
    raw = dynprompt.get_node(unique_id)["inputs"]
    graph = GraphBuilder()
    again = graph.node("EaselRetryRound")
    for name, value in raw.items():
        again.set_input(name, value)
    again.set_input("images", _with_next_seed(graph, dynprompt, raw["images"], seed_input))
    again.set_input("attempt", attempt + 1)
    again.set_input("rejected", f"{report}; ")
    return {"result": tuple(again.out(slot) for slot in range(3)), "expand": graph.finalize()}  # type: ignore[return-value]


def _report(verdicts: list[str]) -> str:
    said = [f"picture {place + 1}: {verdict}" for place, verdict in enumerate(verdicts) if verdict]
    if len(verdicts) == 1:
        return verdicts[0] or "passes"
    return "; ".join(said) or "all pass"


def _shown(report: str, result: tuple[Any, ...]) -> Any:
    return {"ui": {"text": (report,)}, "result": result}


# --- the next seed ---------------------------------------------------------------------------------------------------


def _with_next_seed(graph: GraphBuilder, prompt: Any, end: Any, seed_input: str) -> list[Any]:
    """A copy of all that depends on the seeds, each of which is one more; the link to its picture.

    Raises ValueError when nothing that leads to the picture has a seed.
    """
    order = sources_first(prompt, end[0])
    seeds = _chosen(prompt, _seeds(prompt, order), seed_input.strip())
    copies: dict[str, GraphNode] = {}
    for id in order:
        inputs = prompt.get_node(id)["inputs"]
        changed = {name: (value + 1) % (UINT64_MAX + 1) for (node, name), value in seeds.items() if node == id}
        if not changed and not any(is_link(value) and value[0] in copies for value in inputs.values()):
            continue
        copies[id] = copy = graph.node(prompt.get_node(id)["class_type"])
        copy.set_override_display_id(prompt.get_display_node_id(id))
        for name, value in {**inputs, **changed}.items():
            inside = is_link(value) and value[0] in copies
            copy.set_input(name, copies[value[0]].out(value[1]) if inside else value)
    return copies[end[0]].out(end[1])


def _seeds(prompt: Any, order: list[str]) -> dict[tuple[str, str], int]:
    """All seeds by node and input: those written in a node, and the numbers of nodes that are linked to one."""
    inputs = {id: prompt.get_node(id)["inputs"] for id in order}
    linked = {one[name][0] for one in inputs.values() for name in SEEDS if is_link(one.get(name))}
    return {
        (id, name): value
        for id, one in inputs.items()
        for name, value in one.items()
        if (name in SEEDS or id in linked) and isinstance(value, int) and not isinstance(value, bool)
    }


def _chosen(prompt: Any, seeds: dict[tuple[str, str], int], seed_input: str) -> dict[tuple[str, str], int]:
    """Those of the seeds that are to change; nodes are named as in the graph that was drawn, copies too."""
    names = {place: f"{prompt.get_display_node_id(place[0])}.{place[1]}" for place in seeds}
    found = {place: value for place, value in seeds.items() if seed_input in ("", names[place])}
    if found:
        return found
    if not seeds:
        raise ValueError("nothing that leads to the picture has a seed; another attempt would give the same again")
    raise ValueError(f"{seed_input!r} is no seed that leads to the picture; there are: {', '.join(names.values())}")
