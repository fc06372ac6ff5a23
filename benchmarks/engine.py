"""What a graph costs when its nodes cost nothing: the engine by itself, and the whole server over HTTP and WebSocket.

    python -m benchmarks.engine [--only graph server queue] [--runs 3]

The graphs are chains (each node linked to the one before, the last one shown) and fans (half of the nodes make a
number, the other half show one each). Times are the best of a few runs (processor time in one process, wall time of the
server), latencies are percentiles, the median that of the best of a few rounds. "cached" is the same prompt once more.
The server is `main.py` with its worker process, in a new base directory.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import itertools
import json
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import psutil

from benchmarks.startup import CHECKOUT, free_port
from comfy_core.folders import Folders
from execution.cache import CacheSettings, make_cache
from execution.executor import Executor
from execution.graph import parse
from execution.load_nodes import load_nodes
from execution.signature import signatures
from execution.validate import validate
from execution.worker import Job

PACKS = Path(__file__).resolve().parent / "packs"
SIZES = (1_000, 5_000, 20_000, 50_000)
QUEUED = 5_000
JOBS_FOR_MEMORY = 1_000
WORKFLOW_BYTES = 200_000
GROUPS = ("graph", "server", "queue")
Prompt = dict[str, Any]
seeds = itertools.count(1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", choices=GROUPS, default=GROUPS)
    parser.add_argument("--runs", type=int, default=3)
    options = parser.parse_args()
    if "graph" in options.only:
        measure_graphs(options.runs)
    if {"server", "queue"} & set(options.only):
        asyncio.run(measure_server(options.only, options.runs))


def row(what: str, measured: str, target: str = "") -> None:
    print(f"{what:<52}{measured:>34}   {target}", flush=True)


# --- graphs ----------------------------------------------------------------------------------------------------------


def chain(length: int) -> Prompt:
    """A number, nodes that pass it on, and one that shows it; no part of it has run before."""
    nodes = {"0": _node("BenchNumber", next(seeds))}
    nodes |= {str(i): _node("BenchPass", [str(i - 1), 0]) for i in range(1, length - 1)}
    return nodes | {"show": _node("BenchShow", [str(length - 2), 0])}


def fan(size: int) -> Prompt:
    """Half as many numbers as nodes, each shown; none of them has been shown before."""
    nodes = {str(i): _node("BenchNumber", next(seeds)) for i in range(size // 2)}
    return nodes | {f"s{i}": _node("BenchShow", [str(i), 0]) for i in range(size // 2)}


def _node(kind: str, value: Any) -> dict[str, Any]:
    return {"class_type": kind, "inputs": {"value": value}}


# --- the engine by itself --------------------------------------------------------------------------------------------


def measure_graphs(runs: int) -> None:
    nodes = load_nodes((), PACKS)
    schemas = {name: node.schema for name, node in nodes.items()}
    print(f"{'in one process':<16}{'validate':>14}{'sign':>14}{'first run':>14}{'cached':>14}   µs per node")
    for kind, size in itertools.product((chain, fan), SIZES):
        rows = [_measure_graph(kind(size), nodes, schemas) for _ in range(runs)]
        best = [min(times) for times in zip(*rows, strict=True)]
        columns = "".join(f"{seconds:>12.3f} s" for seconds in best)
        per_node = " ".join(f"{1e6 * seconds / size:5.1f}" for seconds in best)
        print(f"{kind.__name__} {size:<10}{columns}   {per_node}", flush=True)
    print("target at 50,000: validate and sign ≤ 2 s each; the same cost per node at every size\n")


def _measure_graph(prompt: Prompt, nodes: dict[str, Any], schemas: dict[str, Any]) -> list[float]:
    outputs = [one for one, node in prompt.items() if node["class_type"] == "BenchShow"]
    executor = Executor(nodes, make_cache(CacheSettings()))
    job = Job(prompt_id="bench", prompt=prompt, outputs=outputs)

    def sign() -> None:
        graph = parse(prompt, schemas.__getitem__)
        signatures(graph, graph.order(outputs), {})

    def run() -> None:
        executor.run(job, lambda event: None)

    return [seconds(lambda: validate(prompt, schemas, Folders())), seconds(sign), seconds(run), seconds(run)]


def seconds(work: Callable[[], Any]) -> float:
    """Processor time: one thread works, and other programs must not count."""
    gc.collect()
    gc.freeze()  # as the worker does when it has loaded its nodes
    began = time.process_time()
    work()
    return time.process_time() - began


# --- the whole server ------------------------------------------------------------------------------------------------


@dataclass
class Server:
    """A running server and one client of it. `socket` hears the runs of `client_id`."""

    process: psutil.Process
    session: aiohttp.ClientSession
    socket: aiohttp.ClientWebSocketResponse
    url: str
    client_id: str

    def body(self, prompt: Prompt, **more: Any) -> bytes:
        return json.dumps({"prompt": prompt, "client_id": self.client_id, **more}).encode()

    async def submit(self, body: bytes) -> str:
        async with self.session.post(f"{self.url}/prompt", data=body) as answer:
            taken = await answer.json()
            if answer.status != 200:
                raise SystemExit(f"the prompt was refused: {taken}")
            return taken["prompt_id"]

    async def heard_until_the_end_of(self, prompt_ids: Iterable[str]) -> int:
        """The bytes that came in until all these runs were over."""
        waiting, received = set(prompt_ids), 0
        while waiting:
            message = await self.socket.receive(timeout=300)
            if message.type is aiohttp.WSMsgType.BINARY:
                received += len(message.data)
            elif message.type is aiohttp.WSMsgType.TEXT:
                received += len(message.data.encode())
                waiting.difference_update(_ended(message.data))
            else:
                raise SystemExit(f"the socket was closed: {message}")
        return received

    async def run(self, prompt: Prompt) -> tuple[float, int]:
        """Seconds from the request to the end of the run, and the bytes heard meanwhile."""
        body = self.body(prompt)
        began = time.perf_counter()
        received = await self.heard_until_the_end_of([await self.submit(body)])
        return time.perf_counter() - began, received


def _ended(frame: str) -> list[str]:
    """The prompts whose runs a text frame says are over; it holds one message or a list of them."""
    if '"executing"' not in frame:
        return []
    said = json.loads(frame)
    messages = [one for one in (said if isinstance(said, list) else [said]) if one["type"] == "executing"]
    return [one["data"]["prompt_id"] for one in messages if one["data"]["node"] is None]


@asynccontextmanager
async def server(base: Path, features: dict[str, Any]) -> AsyncIterator[Server]:
    shutil.copytree(PACKS, base / "custom_nodes", dirs_exist_ok=True)
    port = free_port()
    command = ["main.py", "--port", str(port), "--base-directory", str(base), "--disable-auto-launch"]
    async with started(command, port, base, features) as one:
        yield one


@asynccontextmanager
async def empty_server(base: Path) -> AsyncIterator[Server]:
    port = free_port()
    async with started(["-m", "benchmarks.empty_server", str(port)], port, base, {}) as one:
        yield one


@asynccontextmanager
async def started(command: list[str], port: int, base: Path, features: dict[str, Any]) -> AsyncIterator[Server]:
    process = subprocess.Popen(
        [sys.executable, *command],
        cwd=CHECKOUT,
        stdout=subprocess.DEVNULL,
        stderr=(base / "log").open("w"),
    )
    url, client_id = f"http://127.0.0.1:{port}", uuid.uuid4().hex
    try:
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(300)) as session:
            await _until_up(session, url)
            async with session.ws_connect(f"{url}/ws?clientId={client_id}", max_msg_size=0) as socket:
                await socket.send_json({"type": "feature_flags", "data": features})
                yield Server(psutil.Process(process.pid), session, socket, url, client_id)
    finally:
        process.terminate()
        process.wait(timeout=30)


async def _until_up(session: aiohttp.ClientSession, url: str) -> None:
    for _ in range(600):
        try:
            async with session.get(f"{url}/object_info/BenchShow") as answer:
                if await answer.json():
                    return
        except aiohttp.ClientError:
            pass
        await asyncio.sleep(0.1)
    raise SystemExit("the server does not come up; run python main.py to see why")


async def measure_server(groups: Iterable[str], runs: int) -> None:
    for features in ({"supports_progress_changes": True, "supports_message_lists": True}, {}):
        with tempfile.TemporaryDirectory() as base:
            async with server(Path(base), features) as one:
                print("a client that takes changes" if features else "an old client")
                if "server" in groups:
                    await measure_runs(one, runs)
                if "queue" in groups and features:
                    async with empty_server(Path(base)) as nothing:
                        await measure_latency(one, nothing, runs)
                    await measure_queue(one, Path(base))
                    await measure_memory(one)
        print()


async def measure_runs(one: Server, runs: int) -> None:
    await one.run(chain(3))
    targets = {
        (chain, 100): "≤ 0.06 s / ≤ 0.006 s",
        (chain, 1_000): "≤ 1 s / ≤ 0.05 s",
        (fan, 1_000): "≤ 0.6 s / ≤ 0.05 s / ≤ 1 MB",
        (fan, 5_000): "≤ 3 s / ≤ 0.25 s / ≤ 5 MB",
        (fan, 20_000): "",
    }
    for (kind, size), target in targets.items():
        first, cached = [], []
        for _ in range(runs):
            prompt = kind(size)
            first.append(await one.run(prompt))
            cached += [await one.run(prompt) for _ in range(runs)]
        times = f"{min(first)[0]:.3f} s / {min(cached)[0]:.4f} s"
        row(f"{size:,}-node {kind.__name__}, first / cached / bytes", f"{times} / {first[0][1] / 1e6:.2f} MB", target)


async def measure_latency(one: Server, nothing: Server, runs: int, count: int = 200) -> None:
    """How long a person waits for three nodes, one prompt after the other; and for what is `nothing` to do."""
    same = chain(3)
    await one.run(same)

    async def p50(make: Callable[[], Prompt], server: Server) -> float:
        return 1e3 * median([(await server.run(make()))[0] for _ in range(count)])

    rounds = [
        (await p50(lambda: same, nothing), await p50(lambda: chain(3), one), await p50(lambda: same, one))
        for _ in range(runs)
    ]
    floor, new, cached = map(min, zip(*rounds, strict=True))
    row("a prompt that is over at once, p50", f"{floor:.1f} ms")
    row("3-node prompt, new / cached, p50", f"{new:.1f} ms / {cached:.1f} ms", "≤ 5 / ≤ 3 ms")


async def measure_queue(one: Server, base: Path) -> None:
    """Prompts are queued one by one while the first holds the queue up; then all run."""
    gate = base / "gate"
    gate.touch()
    held = await one.submit(one.body({"1": {"class_type": "BenchHold", "inputs": {"path": str(gate)}}}))
    waited, ids = [], [held]
    for _ in range(QUEUED):
        began = time.perf_counter()
        ids.append(await one.submit(one.body(chain(3))))
        waited.append(time.perf_counter() - began)
    waited.sort()
    p50, p99 = median(waited), waited[int(0.99 * len(waited))]
    row(f"durable submit of {QUEUED:,}, p50 / p99", f"{1e3 * p50:.2f} ms / {1e3 * p99:.1f} ms", "≤ 3 / ≤ 30 ms")
    began = time.perf_counter()
    gate.unlink()
    await one.heard_until_the_end_of(ids)
    row(f"prompts per second, {QUEUED:,} queued", f"{QUEUED / (time.perf_counter() - began):.0f}/s", "≥ 300/s")


async def measure_memory(one: Server) -> None:
    """How much the server and its worker grow over jobs that carry a big workflow each."""
    workflow = {"extra_pnginfo": {"workflow": {"nodes": ["x" * 100] * (WORKFLOW_BYTES // 104)}}}
    processes = [one.process, *one.process.children()]

    async def work(jobs: int) -> list[int]:
        for _ in range(jobs):
            await one.heard_until_the_end_of([await one.submit(one.body(chain(3), extra_data=workflow))])
        return [process.memory_info().rss for process in processes]

    before = await work(JOBS_FOR_MEMORY // 5)
    after = await work(JOBS_FOR_MEMORY)
    growth = " / ".join(f"{(b - a) / 1e6:+.1f} MB" for a, b in zip(before, after, strict=True))
    row(f"memory over {JOBS_FOR_MEMORY:,} jobs of 200 kB, server / worker", growth, "± 20 MB")


median = statistics.median

if __name__ == "__main__":
    main()
