"""What statements about infotexts ask of the graphs that are made of them."""

import torch

from comfy_core import folders
from execution.cache.memory import RamCache
from execution.events import ExecutionError
from execution.executor import Executor
from execution.infotext import import_text
from execution.load_nodes import load_nodes
from execution.validate import validate
from execution.worker import Job

NODES = load_nodes()
SCHEMAS = {name: node.schema for name, node in NODES.items()}
PLAIN = "Steps: 4, Sampler: Euler, CFG scale: 3, Seed: 5, Size: 64x64, Model: tiny"


def imported(text):
    return import_text(text, SCHEMAS, folders.current())


def inputs(prompt, class_type, place=0):
    """The literal inputs of the n-th node of a class."""
    found = [node["inputs"] for node in prompt.values() if node["class_type"] == class_type]
    return {name: value for name, value in found[place].items() if not isinstance(value, list)}


def classes(prompt):
    return [node["class_type"] for node in prompt.values()]


def run(prompt):
    """Run a prompt; the picture it saved."""
    accepted = validate(prompt, SCHEMAS, folders.current(), nodes=NODES)
    assert accepted.outputs, accepted
    assert not accepted.node_errors, accepted
    events = []
    executor = Executor(NODES, RamCache(1 << 28), around=torch.no_grad)
    executor.run(Job(prompt_id="1", prompt=accepted.prompt, outputs=accepted.outputs), events.append)
    assert not [event.exception_message for event in events if isinstance(event, ExecutionError)]
    (path,) = folders.current().output.glob("*.png")
    return path
