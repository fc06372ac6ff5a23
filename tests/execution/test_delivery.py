"""Nodes that write into what they get, and what the cache holds of it."""

import pytest
import torch

from execution.cache.memory import RamCache
from execution.delivery import delivered, digest, glance
from execution.executor import Executor
from execution.worker import Job
from nodes.schema import Input, Node, NodeSchema, Output

CLASSIC, OURS = (NodeSchema(id="A", title="", category="", style=style) for style in ("class", "function"))


def test_latents_and_conditionings_are_containers_of_the_nodes_own():
    samples, embedding = torch.zeros(1, 4, 2, 2), torch.zeros(1, 77, 8)
    latent, conditioning = {"samples": samples}, [[embedding, {"strength": 1.0}]]
    (own_latent, own_conditioning) = delivered([latent, conditioning], CLASSIC)
    own_latent["noise_mask"] = 1
    own_conditioning[0][1]["strength"] = 2.0
    own_conditioning.append([embedding, {}])
    assert (latent, conditioning) == ({"samples": samples}, [[embedding, {"strength": 1.0}]])
    assert own_latent["samples"] is samples
    assert own_conditioning[0][0] is embedding


def test_a_list_that_is_one_value_is_the_nodes_own():
    boxes = [[1, 2], [3, 4]]
    (own,) = delivered([boxes], CLASSIC)
    own.append([5, 6])
    assert boxes == [[1, 2], [3, 4]]
    assert own[0] is boxes[0]


def test_built_in_functions_get_the_values_themselves():
    values = [{"samples": 1}]
    assert delivered(values, OURS) is values


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (torch.zeros(3), torch.tensor([0.0, 1.0, 0.0])),
        ({"a": 1}, {"a": 1, "b": 2}),
        ([[torch.zeros(2), {"s": 1.0}]], [[torch.zeros(2), {"s": 2.0}]]),
        ("text", "texT"),
        (torch.zeros(4).bfloat16(), torch.ones(4).bfloat16()),
    ],
)
def test_a_digest_tells_values_apart(before, after):
    assert digest(before) == digest(before) != digest(after)


CHANGES = {
    "doubled": lambda picture: picture.mul_(2),
    "clamped": lambda picture: picture.clamp_(0.2, 0.8),
    "one colour": lambda picture: picture[..., 1].zero_(),
    "a strip": lambda picture: picture[:32].fill_(0),
    "a box": lambda picture: picture[100:130, 200:230].fill_(0),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_glance_sees_what_nodes_do_to_pictures(change):
    picture = torch.rand(512, 512, 3)
    before = glance([picture])
    assert glance([picture]) == before
    CHANGES[change](picture)
    assert glance([picture]) != before


def test_a_glance_looks_at_whatever_there_is():
    for value in (None, 5, "text", torch.eye(3).to_sparse(), object(), {"a": []}, [[[[torch.ones(2)]]]]):
        assert glance(value) == 0
    for make in (torch.zeros, torch.ones):
        assert glance({"a": [make(2)]}) == glance({"b": (make(2),)}) != 0
    assert glance(torch.zeros(2)) != glance(torch.ones(2))


def run_twice(caplog, function, watch=True, style="class"):
    """A latent, and a node that gets it; how often the latent was made, and what was said."""
    made = []

    def make():
        made.append(torch.zeros(1, 4, 2, 2))
        return {"samples": made[-1]}

    samples, latent = Input(name="samples", type="LATENT"), Output(type="LATENT", name="LATENT")
    schemas = {
        "Make": NodeSchema(id="Make", title="", category="", outputs=(latent,)),
        "Use": NodeSchema(id="Use", title="", category="", inputs=(samples,), style=style, is_output=True),
    }
    nodes = {"Make": Node(schemas["Make"], make), "Use": Node(schemas["Use"], function)}
    executor = Executor(nodes, RamCache(1 << 20), watch=watch)
    for number in range(2):
        prompt = {
            "4": {"class_type": "Make", "inputs": {}},
            "5": {"class_type": "Use", "inputs": {"samples": ["4", 0]}, "is_changed": number},
        }
        executor.run(Job(prompt_id=str(number), prompt=prompt, outputs=["5"]), lambda event: None)
    return len(made), caplog.text


def test_a_node_that_changes_a_tensor_is_named_and_what_it_changed_is_made_anew(caplog):
    def use(samples):
        samples["samples"].add_(1)

    made, said = run_twice(caplog, use)
    assert made == 2
    assert "node 5 (Use) changed its input 'samples', which is the result of node 4" in said


@pytest.mark.parametrize(("style", "made"), [("class", 2), ("schema", 2), ("function", 1)])
def test_nodes_of_others_are_watched_in_any_case(caplog, style, made):
    def use(samples):
        samples["samples"].add_(1)

    assert run_twice(caplog, use, watch=False, style=style)[0] == made


def test_a_node_that_writes_into_its_own_container_changes_nothing(caplog):
    def use(samples):
        samples["noise_mask"] = torch.ones(1)

    assert run_twice(caplog, use) == (1, "")
