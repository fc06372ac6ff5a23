"""Kills the server again and again while it works, and looks whether anything is lost, doubled or half.

    python -m benchmarks.kill [--kills 200] [--jobs 500] [--seed 1] [--workers 1]

Prompts, each of which saves a picture of its own color, are submitted to a server that gets SIGKILL at random moments:
while it starts, while it takes prompts, while it runs them. When all have ended another round of them begins, until
the kills are used up. What must hold after each round: every prompt that was taken has ended, with one worker in the
order in which it was taken, and there is one whole picture of each color and no other file.

A prompt that ran at three kills in a row is parked, by rule: it ends with that reason, for all the server can tell it
is what kills it. Such prompts are counted, but they are no problem.
"""

from __future__ import annotations

import argparse
import random
import tempfile
import threading
import time
import urllib.error
import uuid
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from PIL import Image

from benchmarks.torchless import Torchless

START_SECONDS = 1.0
WORK_SECONDS = 1.0


@dataclass
class Round:
    """`ids` are the prompts by color; `taken` the ids in the order of the server's answers."""

    base: Path
    ids: dict[int, str]
    workers: int = 1
    taken: list[str] = field(default_factory=list)

    def submit_rest(self, server: Torchless) -> None:
        """Submit what the server has not been heard to take, until it has all or is killed."""
        try:
            for color, id in list(self.ids.items())[len(self.taken) :]:
                prompt = {"1": {"class_type": "FaultPicture", "inputs": {"value": color}}}
                server.post("/prompt", {"prompt": prompt, "prompt_id": id})
                self.taken.append(id)
        except urllib.error.HTTPError:
            raise
        except OSError:
            return  # killed, perhaps after it took the prompt, which is sent again after the next start

    def parked(self, history: dict[str, Any]) -> set[str]:
        """The prompts that the server gave up, with its reason, because they ran at so many kills in a row."""
        return {id for id, entry in history.items() if _error(entry).get("exception_type") == "Crashed"}

    def problems(self, server: Torchless) -> Iterator[str]:
        """What is not as it must be, once all has ended."""
        history = server.get("/history")
        parked = self.parked(history)
        wrong = [id for id, entry in history.items() if not entry["status"]["completed"] and id not in parked]
        if missing := set(self.ids.values()) - history.keys():
            yield f"{len(missing)} prompts lost"
        if wrong:
            yield f"{len(wrong)} prompts failed: {history[wrong[0]]['status']['messages'][-1]}"
        if self.workers == 1 and [id for id in history if id in self.taken] != self.taken:
            yield "prompts ran out of order"
        colors: Counter[int] = Counter()
        for path in (self.base / "output").rglob("*"):
            if path.suffix == ".png" and not path.name.startswith("."):
                colors[_color(path)] += 1
            else:
                yield f"left behind: {path.name}"
        if doubled := [color for color, count in colors.items() if count > 1]:
            yield f"{len(doubled)} pictures doubled"
        if lost := {color for color, id in self.ids.items() if id not in parked} - colors.keys():
            yield f"{len(lost)} pictures lost"
        if strange := colors.keys() - self.ids.keys():
            yield f"{len(strange)} pictures damaged"
        if left := list((self.base / "user" / "jobs").glob("*")):
            yield f"{len(left)} folders of jobs left behind"


@dataclass(frozen=True)
class Outcome:
    """What came of a round: the `kills` that were made, how many prompts were `parked`, and what is wrong."""

    kills: int
    parked: int
    problems: list[str]


def run_round(
    base: Path, jobs: int, kills: int, chance: random.Random, work_seconds: float = WORK_SECONDS, workers: int = 1
) -> Outcome:
    """Queue jobs and kill the server until all have ended, `kills` times at most.

    `work_seconds` is how long it may work before it is killed.
    """
    ids = {color: str(uuid.UUID(int=chance.getrandbits(128), version=4)) for color in range(1, jobs + 1)}
    work = Round(base, ids, workers)
    made = 0
    while made < kills:
        if not _live_and_die(work, chance, work_seconds):
            break
        made += 1
    with Torchless(base, workers=workers) as server:
        work.submit_rest(server)
        _until_empty(server)
        return Outcome(made, len(work.parked(server.get("/history"))), list(work.problems(server)))


def _live_and_die(work: Round, chance: random.Random, work_seconds: float) -> bool:
    """One life of the server, cut off at a random moment; False when there was nothing left to do."""
    server = Torchless(work.base, wait=False, workers=work.workers)
    if chance.random() < 0.25:
        time.sleep(chance.uniform(0, START_SECONDS))
        server.kill()
        return True
    server.wait_until_up()
    submitting = threading.Thread(target=work.submit_rest, args=(server,))
    submitting.start()
    time.sleep(chance.uniform(0, work_seconds))
    is_over = len(work.taken) == len(work.ids) and _remaining(server) == 0
    server.kill()
    submitting.join()
    return not is_over


def _remaining(server: Torchless) -> int:
    return int(server.get("/prompt")["exec_info"]["queue_remaining"])


def _until_empty(server: Torchless) -> None:
    while _remaining(server):
        time.sleep(0.05)


def _error(entry: dict[str, Any]) -> dict[str, Any]:
    """What the entry of the history says of the failure it ended with, if it did."""
    return next((said for kind, said in entry["status"]["messages"] if kind == "execution_error"), {})


def _color(path: Path) -> int:
    try:
        with Image.open(path) as picture:
            red, green, blue = picture.convert("RGB").getpixel((15, 15))  # type: ignore[misc]
            return int(red) << 16 | int(green) << 8 | int(blue)
    except OSError:
        return -1


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--jobs", type=int, default=500)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--workers", type=int, default=1)
    options = parser.parse_args()
    chance, made, rounds, found, parked = random.Random(options.seed), 0, 0, 0, 0
    while made < options.kills:
        with tempfile.TemporaryDirectory() as base:
            one = run_round(Path(base), options.jobs, options.kills - made, chance, workers=options.workers)
        made, rounds, found, parked = made + one.kills, rounds + 1, found + len(one.problems), parked + one.parked
        said = f"{one.kills} kills, {one.parked} parked, {', '.join(one.problems) or 'nothing wrong'}"
        print(f"round {rounds}: {options.jobs} prompts, {said}", flush=True)
    print(f"{made} kills, {rounds * options.jobs} prompts, {parked} parked as they must be: {found or 'no'} problems")
    raise SystemExit(bool(found))


if __name__ == "__main__":
    main()
