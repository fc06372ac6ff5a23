"""Every built-in node of a running server, given hostile files and hostile names: nothing runs, nothing leaks, nothing
is written elsewhere. Which nodes and inputs there are is read from /object_info, so a new node is tried as it comes."""

from __future__ import annotations

import http.client
import json
import time
from collections import ChainMap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from comfy_core.folders import MODEL_KINDS
from tests.live_server import serving
from tests.tiny_sd1 import write_checkpoint
from tests.web.hostile import LEADING_OUT, pickles

SECRET = "the secret of this machine"
MADE_BY_RUNNING = ("output", "temp", "user", "input", "server.log")
HARMLESS = "harmless.safetensors"
PATIENCE_SECONDS = 240
FREE_CHOICE = "CustomCombo", "choice"
"""The one choice whose names are the workflow's own: what comes out is the text itself."""
NEED_PACKS = {"SaveSVGNode"}
Prompt = dict[str, Any]


def is_widget(spec: list[Any]) -> bool:
    literal = isinstance(spec[0], list) or "COMBO" in spec[0] or spec[0] in ("STRING", "INT", "FLOAT", "BOOLEAN")
    return literal or (len(spec) > 1 and "default" in spec[1])


class Live:
    """A running server with pickles in every folder of models and a secret beside the folders that it serves."""

    def __init__(self, url: str, base: Path, marker: Path, planted: set[str]) -> None:
        self.base, self.marker, self.planted = base, marker, planted
        self.connection = http.client.HTTPConnection(url.removeprefix("http://"))
        self.nodes: dict[str, Any] = self.ask("GET", "/object_info")[1]
        self.supplies: dict[str, tuple[Prompt, list[Any]]] = {}
        self._learn_supplies()

    def ask(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        headers = {"Content-Type": "application/json"}
        self.connection.request(method, path, json.dumps(body) if body is not None else None, headers)
        answer = self.connection.getresponse()
        text = answer.read().decode()
        assert SECRET not in text, (path, body)
        assert answer.status < 500, (path, body, text)
        return answer.status, json.loads(text) if text else None

    def submit(self, prompt: dict[str, Any]) -> int:
        return self.ask("POST", "/prompt", {"prompt": prompt})[0]

    def wait(self) -> None:
        """Until nothing is queued or running."""
        end = time.monotonic() + PATIENCE_SECONDS
        while self.ask("GET", "/prompt")[1]["exec_info"]["queue_remaining"]:
            assert time.monotonic() < end
            time.sleep(0.005)

    def run_each(self, batches: list[list[Prompt]]) -> None:
        """Run every prompt: those of a batch together, and one by one where one of them keeps the others from it."""
        asked = [self.ask("POST", "/prompt", {"prompt": dict(ChainMap(*batch))})[1] for batch in batches]
        self.wait()
        history = self.ask("GET", "/history?max_items=10000")[1]
        for batch, answer in zip(batches, asked, strict=True):
            if "prompt_id" in answer and history[answer["prompt_id"]]["status"]["status_str"] == "error":
                for prompt in batch:
                    self.submit(prompt)
        self.wait()

    def with_value(self, node: str, name: str, value: Any, subject: str = "subject") -> Prompt | None:
        """A prompt that runs `node` with this value; None if some other input of it cannot be supplied."""
        prompt = self._call(subject, node, {name: value})
        if prompt is not None and not self.nodes[node]["output_node"]:
            prompt[f"{subject} shown"] = {"class_type": "PreviewAny", "inputs": {"source": [subject, 0]}}
        return prompt

    def _learn_supplies(self) -> None:
        """For every type that can be made from what is here, a prompt that makes it and the link to it."""
        known = -1
        while known < len(self.supplies):
            known = len(self.supplies)
            for node, about in self.nodes.items():
                for slot, kind in enumerate(about["output"]):
                    if kind not in self.supplies and (prompt := self._call(kind, node, {})) is not None:
                        self.supplies[kind] = prompt, [kind, slot]

    def _call(self, id: str, node: str, given: dict[str, Any]) -> Prompt | None:
        """The node under `id` and what it needs: defaults and first choices, else links to makers of the type."""
        inputs, prompt = dict(given), {}
        for name, spec in self.nodes[node]["input"].get("required", {}).items():
            if name in given or "AUTOGROW" in spec[0]:  # those may be empty, or that is refused
                continue
            if is_widget(spec):
                inputs[name] = self._harmless(spec)
            else:
                kind = "IMAGE" if "*" in spec[0] or "MATCHTYPE" in spec[0] else spec[0].split(",")[0]
                supply, inputs[name] = self.supplies.get(kind, ({}, None))
                prompt |= supply
            if inputs[name] is None:
                return None
        return {**prompt, id: {"class_type": node, "inputs": inputs}}

    def _harmless(self, spec: list[Any]) -> Any:
        """The default or the first choice of a widget; None if there is nothing to choose from."""
        kind, options = spec[0], spec[1] if len(spec) > 1 else {}
        if isinstance(kind, list) or "COMBO" in kind:
            choices = kind if isinstance(kind, list) else options["options"]
            keys = [choice["key"] if isinstance(choice, dict) else choice for choice in choices]
            return next((key for key in keys if key not in self.planted), None)
        return options.get("default", {"STRING": "", "BOOLEAN": False}.get(kind, options.get("min", 1)))

    def inputs_of(self, *kinds: str) -> Iterator[tuple[str, str, list[Any]]]:
        """Node, input and choices of every input of these kinds, `COMBO` and the list form being the same."""
        for node, about in self.nodes.items():
            for part in ("required", "optional"):
                for name, spec in about["input"].get(part, {}).items():
                    kind = "COMBO" if isinstance(spec[0], list) else spec[0]
                    if kind in kinds:
                        options = spec[1] if len(spec) > 1 else {}
                        yield node, name, spec[0] if isinstance(spec[0], list) else options.get("options", [])

    def files(self) -> set[Path]:
        """What lies in the base directory and beside it, apart from where running nodes write."""
        return {
            path
            for path in self.base.parent.rglob("*")
            if path.is_file() and path.relative_to(self.base.parent).parts[1:2] not in {(n,) for n in MADE_BY_RUNNING}
        }


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    base = tmp_path_factory.mktemp("live") / "base"
    marker = base.parent / "marker"
    corpus = pickles(marker)
    for kind in MODEL_KINDS:
        folder = base / "models" / kind
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in corpus.items():
            (folder / name).write_bytes(content)
        write_checkpoint(folder / HARMLESS)
    for folder in ("input", "output", "temp"):
        (base / folder).mkdir()
        (base / folder / "lnk").symlink_to(base)
        for name, content in corpus.items():
            (base / folder / name).write_bytes(content)
    Image.new("RGB", (16, 16)).save(base / "input" / "example.png")
    (base / "secret.txt").write_text(SECRET)
    with serving(base) as url:
        yield Live(url, base, marker, set(corpus))


def test_no_loader_runs_what_is_in_a_pickle(live: Live) -> None:
    """CVE-2026-68771, picklescan's and torch's CVEs: every file of the corpus through every input that offers it."""
    live.ask("POST", "/history", {"clear": True})
    offered = 0
    for node, name, choices in live.inputs_of("COMBO"):
        for file in live.planted.intersection(filter(lambda choice: isinstance(choice, str), choices)):
            offered += 1
            prompt = live.with_value(node, name, file)
            assert prompt is not None, f"{node}: nothing to give to an input beside {name}"
            assert live.submit(prompt) == 200
    live.wait()
    assert offered > 300
    assert not live.marker.exists()
    failed = live.ask("GET", "/history?max_items=10000")[1].values()
    assert all(entry["status"]["status_str"] == "error" for entry in failed)


def test_a_choice_is_one_of_the_choices(live: Live) -> None:
    """CVE-2026-56673: names that lead out are refused by every input that offers names, before anything runs."""
    tried = 0
    for node, name, choices in live.inputs_of("COMBO"):
        if (node, name) == FREE_CHOICE:
            continue
        prompt = live.with_value(node, name, "")
        if prompt is not None:
            for value in set(LEADING_OUT).difference(map(str, choices)):
                prompt["subject"]["inputs"][name] = value
                assert live.submit(prompt) == 400, (node, name, value)
                tried += 1
    assert tried > 1000


def test_text_that_leads_out_reads_and_writes_nothing(live: Live) -> None:
    """Every text input of every node: whatever is written lands in the folders of outputs."""
    before, tried, batches = live.files(), set(), []
    for node, name, _ in live.inputs_of("STRING"):
        prompts = [live.with_value(node, name, value, f"subject {i}") for i, value in enumerate(LEADING_OUT)]
        if batch := [prompt for prompt in prompts if prompt is not None]:
            batches.append(batch)
            tried.add(node)
    live.run_each(batches)
    # Only packs make what the others need.
    assert {node for node, _, _ in live.inputs_of("STRING")} - tried <= NEED_PACKS
    assert live.files() == before
    live.ask("GET", "/history?max_items=10000")


def test_nothing_tells_whether_a_file_elsewhere_exists(live: Live) -> None:
    """CVE-2026-56673 as an oracle: a name of a file that is there and of one that is not get the same answer."""
    told: dict[str, list[str]] = {"secret": [], "absent": []}
    for name, answers in told.items():
        for node, input, _ in live.inputs_of("STRING", "COMBO"):
            for value in (f"../{name}.txt", f"lnk/{name}.txt", f"../{name}.txt [input]"):
                prompt = live.with_value(node, input, value)
                answer = live.ask("POST", "/prompt", {"prompt": prompt})[1] if prompt else {}
                if "prompt_id" in answer:
                    live.wait()
                    entry = live.ask("GET", f"/history/{answer['prompt_id']}")[1][answer["prompt_id"]]
                    errors = [said for kind, said in entry["status"]["messages"] if kind == "execution_error"]
                    answer = [error["exception_message"] for error in errors]
                answers.append(json.dumps([node, input, answer]).replace(name, ""))
    assert told["secret"] == told["absent"]
