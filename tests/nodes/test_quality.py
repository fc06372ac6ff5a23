"""Pictures are checked, and made again with the next seed until they pass; what was rejected is told."""

from typing import Annotated

import pytest
import torch

from execution.cache.memory import RamCache
from execution.events import Executed, Executing, ExecutionError
from execution.executor import Executor
from execution.load_nodes import load_nodes
from execution.worker import Job
from nodes.quality import image_difference, quality_check, quality_rules
from nodes.schema import Int
from nodes.schema import node as make_node
from nodes.types import Image

GOOD = torch.rand(1, 16, 16, 3, generator=torch.Generator().manual_seed(0))
BATCH = torch.cat([GOOD, torch.zeros(1, 16, 16, 3), GOOD, torch.ones(1, 16, 16, 3)])
RULES = quality_rules(black=0.03, flat=0.01, blur=0.0, duplicates=0)
CALLS = []


@make_node("TestModel", category="test")
def model() -> Image:
    CALLS.append("model")
    return GOOD


@make_node("TestSample", category="test")
def sample(model: Image, seed: Annotated[int, Int()], good_from: Annotated[int, Int()]) -> Image:
    """Black below a seed."""
    CALLS.append(seed)
    return model if seed >= good_from else model * 0


@make_node("TestShow", category="test", is_output=True)
def show(images: Image, attempts: Annotated[int, Int()]) -> None:
    return {"ui": {"attempts": [attempts], "level": [float(images.max())]}}


NODES = load_nodes() | {one.schema.id: one for one in (model, sample, show)}


def raw(class_type, /, **inputs):
    return {"class_type": class_type, "inputs": inputs}


def graph(good_from, attempts=5, otherwise="stop", seed_input="", seed=3):
    return {
        "m": raw("TestModel"),
        "s": raw("TestSample", model=["m", 0], seed=seed, good_from=good_from),
        "i": raw("ImageInvert", image=["s", 0]),
        "j": raw("ImageInvert", image=["i", 0]),
        "q": raw("EaselQualityRules", black=0.03, flat=0.01, blur=0.0, duplicates=-1),
        "r": raw(
            "EaselRetry",
            images=["j", 0],
            rules=["q", 0],
            attempts=attempts,
            otherwise=otherwise,
            seed_input=seed_input,
        ),
        "show": raw("TestShow", images=["r", 0], attempts=["r", 1]),
    }


@pytest.fixture
def run():
    executor = Executor(NODES, RamCache(1 << 24))

    def run(prompt):
        CALLS.clear()
        events = []
        executor.run(Job(prompt_id="p", prompt=prompt, outputs=["show"]), events.append)
        failed = [event.exception_message for event in events if isinstance(event, ExecutionError)]
        shown = {
            (one.display_node, name): value
            for one in events
            if isinstance(one, Executed)
            for name, value in one.output.items()
        }
        return shown, failed, {event.display_node for event in events if isinstance(event, Executing)}

    return run


def test_the_next_seeds_are_tried_until_one_passes(run):
    shown, failed, places = run(graph(good_from=6))
    assert failed == []
    assert CALLS == ["model", 3, 4, 5, 6]
    assert shown["show", "attempts"] == [4]
    assert shown["show", "level"] == [float(GOOD.max())]
    assert shown["r", "text"] == ["attempt 1: black; attempt 2: black; attempt 3: black; attempt 4: passes"]
    assert places <= {"m", "s", "i", "j", "q", "r", "show", None}


def test_a_picture_that_passes_at_once_is_not_made_again(run):
    shown, _, _ = run(graph(good_from=0))
    assert (CALLS, shown["show", "attempts"], shown["r", "text"]) == (["model", 3], [1], ["passes"])


def test_there_is_an_end_to_it(run):
    _, (message,), _ = run(graph(good_from=100, attempts=3))
    assert message.startswith("no picture passes in 3 attempts; attempt 1: black; attempt 2: black; attempt 3: black")
    shown, failed, _ = run(graph(good_from=100, attempts=2, otherwise="pass on the last"))
    assert (failed, shown["show", "attempts"], shown["show", "level"]) == ([], [2], [0.0])


def test_a_seed_may_come_from_another_node_and_be_chosen(run):
    prompt = graph(good_from=5) | {"p": raw("PrimitiveInt", value=4)}
    prompt["s"]["inputs"]["seed"] = ["p", 0]
    assert run(prompt)[1] == []
    assert CALLS == ["model", 4, 5]
    assert run(graph(good_from=5, seed_input="s.seed"))[1] == []
    _, (message,), _ = run(graph(good_from=5, seed_input="m.seed"))
    assert message == "'m.seed' is no seed that leads to the picture; there are: s.seed"


def test_the_last_seed_is_followed_by_the_first(run):
    run(graph(good_from=2**64, seed=2**64 - 1, attempts=2, otherwise="pass on the last"))
    assert CALLS == ["model", 2**64 - 1, 0]


def test_without_a_seed_there_is_nothing_to_try(run):
    prompt = graph(good_from=9)
    prompt["j"]["inputs"]["image"] = ["e", 0]
    prompt["e"] = raw("EmptyImage", width=16, height=16, batch_size=1, color=0xFFFFFF)
    _, (message,), _ = run(prompt)
    assert message.startswith("nothing that leads to the picture has a seed")


def test_the_check_passes_on_the_good_ones_and_says_what_it_rejected():
    made = quality_check(BATCH, RULES, "pass on the good ones")
    kept, passed, report = made["result"]
    assert torch.equal(kept, GOOD)
    assert not passed
    assert report == (
        "picture 2: black; picture 3: nearly the same as another (0 of 63 bits differ); "
        "picture 4: flat (its levels vary by 0.000, less than 0.01)"
    )
    assert made["ui"] == {"text": (report,)}


def test_the_check_may_pass_on_all_or_stop():
    assert torch.equal(quality_check(BATCH, RULES, "pass on all")["result"][0], BATCH)
    assert quality_check(GOOD, RULES, "stop")["result"][1:] == (True, "passes")
    for images, then in ((BATCH, "stop"), (BATCH[1:2], "pass on the good ones")):
        with pytest.raises(ValueError, match="the quality check rejects"):
            quality_check(images, RULES, then)


def test_the_difference_of_two_pictures_is_that_of_the_worst():
    other = (GOOD + 0.1).clamp(0, 1)
    made = image_difference(torch.cat([GOOD, GOOD]), torch.cat([GOOD, other]))
    noise, alike, largest = made["result"]
    assert 20 <= noise <= 22
    assert alike < 1
    assert largest == pytest.approx(25.5, abs=0.01)
    assert made["ui"]["text"][0].startswith(f"PSNR {noise:.2f} dB")
    assert image_difference(GOOD, GOOD)["result"][0] == 100
    with pytest.raises(ValueError, match="1x16x16x3 and 4x16x16x3"):
        image_difference(GOOD, BATCH)
