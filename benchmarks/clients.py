"""How many listeners a server bears: 1,000 clients hear 10 events a second, while some of them never read.

    python -m benchmarks.clients [--clients 1000] [--deaf 50] [--seconds 60]

Counts for every healthy client whether it heard every event in order, and prints the delay from the node that said it
to the client that heard it, the growth of the server's memory, and what became of the deaf. The clients share the
machine's cores with the server, so the delays are upper bounds.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
import psutil

ROOT = Path(__file__).resolve().parent.parent
PER_SECOND = 10
MIB = 1 << 20


@dataclass
class Ear:
    """What one client heard: the numbers of the ticks, and their delays in seconds."""

    numbers: list[int] = field(default_factory=list)
    delays: list[float] = field(default_factory=list)
    done: bool = False


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--clients", type=int, default=1000)
    parser.add_argument("--deaf", type=int, default=50)
    parser.add_argument("--seconds", type=int, default=60)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="easel-clients-") as base:
        asyncio.run(measure(Path(base), options.clients, options.deaf, options.seconds * PER_SECOND))


async def measure(base: Path, clients: int, deaf: int, ticks: int) -> None:
    (base / "custom_nodes").mkdir()
    (base / "custom_nodes" / "ticks").symlink_to(ROOT / "benchmarks" / "packs" / "ticks")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "main.py", "--port", str(port), "--base-directory", str(base), "--cpu"]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, env={**os.environ, "OMP_NUM_THREADS": "1"})
    try:
        connector = aiohttp.TCPConnector(limit=0)
        async with aiohttp.ClientSession(f"http://127.0.0.1:{port}", connector=connector) as session:
            await _until_up(session)
            await _listen(session, psutil.Process(process.pid), port, clients, deaf, ticks)
    finally:
        process.terminate()
        process.wait(20)


async def _until_up(session: aiohttp.ClientSession) -> None:
    for _ in range(600):
        try:
            async with session.get("/object_info") as answer:
                if "BenchTick" in await answer.json():
                    return
        except aiohttp.ClientError:
            pass
        await asyncio.sleep(0.1)
    raise SystemExit("the server did not come up")


async def _listen(
    session: aiohttp.ClientSession, server: psutil.Process, port: int, clients: int, deaf: int, ticks: int
) -> None:
    before = server.memory_info().rss
    ears = [Ear() for _ in range(clients)]
    began = time.perf_counter()
    sockets = [await _connect(session) for _ in ears]
    stalled = [_deaf(port) for _ in range(deaf)]
    print(f"{clients} clients and {deaf} deaf ones connected in {time.perf_counter() - began:.1f} s")
    hearing = [asyncio.create_task(_hear(one, ear, ticks)) for one, ear in zip(sockets, ears, strict=True)]
    prompt = {"1": {"class_type": "BenchTick", "inputs": {"count": ticks, "per_second": float(PER_SECOND)}}}
    async with session.post("/prompt", json={"prompt": prompt}) as answer:
        answer.raise_for_status()
    peak = before
    end = time.monotonic() + ticks / PER_SECOND + 60
    while not all(task.done() for task in hearing) and time.monotonic() < end:
        await asyncio.sleep(1)
        peak = max(peak, server.memory_info().rss)
    for task in hearing:
        task.cancel()
    whole = sum(ear.numbers == list(range(ticks)) for ear in ears)
    delays = sorted(delay for ear in ears for delay in ear.delays)
    print(f"heard every one of {ticks} events in order: {whole} of {clients} (target: all)")
    print(f"delay: median {statistics.median(delays) * 1e3:.0f} ms, p99 {_share(delays, 0.99) * 1e3:.0f} ms (<= 500)")
    print(f"server memory: {before / MIB:.0f} MB, at most {(peak - before) / MIB:+.0f} MB (<= +200)")
    for one in stalled:
        one.close()


async def _connect(session: aiohttp.ClientSession) -> aiohttp.ClientWebSocketResponse:
    return await session.ws_connect("/ws", params={"clientId": uuid.uuid4().hex}, max_msg_size=0)


async def _hear(one: aiohttp.ClientWebSocketResponse, ear: Ear, ticks: int) -> None:
    async for message in one:
        now = time.time()
        if message.type is aiohttp.WSMsgType.TEXT and '"tick"' in message.data[:40]:
            data = json.loads(message.data)["data"]
            ear.numbers.append(data["number"])
            ear.delays.append(now - data["at"])
            if data["number"] == ticks - 1:
                return


def _deaf(port: int) -> socket.socket:
    """A client that shakes hands and then never reads."""
    one = socket.create_connection(("127.0.0.1", port))
    one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    request = (
        f"GET /ws?clientId={uuid.uuid4().hex} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\n"
        "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    )
    one.sendall(request.encode())
    return one


def _share(values: list[float], share: float) -> float:
    return values[min(len(values) - 1, int(len(values) * share))]


if __name__ == "__main__":
    main()
