"""A server as `main.py` starts it, but its worker has only the packs of one folder, and so no torch: it is up at once.

For what starts and kills many servers: `benchmarks/kill.py` and the tests of faults.
"""

from __future__ import annotations

import asyncio
import json
import logging
import shutil
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

CHECKOUT = Path(__file__).resolve().parent.parent
PACKS = CHECKOUT / "tests" / "packs" / "custom_nodes"


class Torchless:
    """One life of a server over a base directory. `settings` are those of `execution.engine.EngineSettings`, and
    `cache_disk`, the folder of a disk cache, and `workers`, how many there are."""

    def __init__(self, base: Path, *, wait: bool = True, **settings: Any) -> None:
        self.base = base
        base.mkdir(parents=True, exist_ok=True)
        if not (base / "custom_nodes").exists():
            (base / "custom_nodes").mkdir()
            shutil.copy(PACKS / "faults.py", base / "custom_nodes")
        self._log = (base / "log").open("ab")
        command = [sys.executable, "-m", "benchmarks.torchless", str(base), json.dumps(settings)]
        self.process = subprocess.Popen(command, cwd=CHECKOUT, stdout=subprocess.PIPE, stderr=self._log)
        self.url = ""
        if wait:
            self.wait_until_up()

    def wait_until_up(self) -> None:
        """Return when it answers and its worker is up. Raises RuntimeError when it ends before."""
        assert self.process.stdout is not None
        self.url = self.process.stdout.readline().decode().strip()
        if not self.url:
            raise RuntimeError("the server did not start; its log says why")

    def __enter__(self) -> Torchless:
        return self

    def __exit__(self, *error: object) -> None:
        self.end(signal.SIGTERM)

    def kill(self) -> None:
        self.end(signal.SIGKILL)

    def end(self, signum: int) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signum)
            self.process.wait(timeout=90)
        assert self.process.stdout is not None
        self.process.stdout.close()
        self._log.close()

    def get(self, path: str) -> Any:
        """The JSON there. Raises OSError when the server is gone, urllib.error.HTTPError when it refuses."""
        with urllib.request.urlopen(self.url + path, timeout=60) as answer:
            return json.loads(answer.read())

    def post(self, path: str, body: Any) -> Any:
        request = urllib.request.Request(
            self.url + path, data=json.dumps(body).encode(), headers={"Content-Type": "application/json"}
        )
        with urllib.request.urlopen(request, timeout=60) as answer:
            text = answer.read()
        return json.loads(text) if text else None

    def job(self, prompt_id: str) -> dict[str, Any] | None:
        """How a prompt is doing, as /api/jobs says; None when it is not known."""
        try:
            return dict(self.get(f"/api/jobs/{prompt_id}"))
        except urllib.error.HTTPError as refusal:
            if refusal.code == 404:
                return None
            raise


async def serve(base: Path, settings: dict[str, Any]) -> None:
    from aiohttp import web

    from comfy_core.folders import Folders
    from execution.cache import CacheSettings
    from execution.engine import Engine, EngineSettings
    from execution.limits import Limits
    from execution.worker import WorkerSettings
    from execution.workers.subprocess import SubprocessWorker
    from web.server.app import make_app
    from web.server.settings import ServerSettings

    folders = Folders(base=base)
    limits = Limits(**settings.pop("limits", {}))
    cache = CacheSettings(disk=settings.pop("cache_disk", ""))
    of_worker = WorkerSettings(base=str(base), packages=(), cache=cache)
    first, *others = [SubprocessWorker(of_worker) for _ in range(settings.pop("workers", 1))]
    engine = Engine(folders, worker=first, more_workers=others, settings=EngineSettings(limits=limits, **settings))
    runner = web.AppRunner(make_app(engine, folders, ServerSettings()), access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    await engine.start()
    await engine.pack_services()  # the worker's: the catalogue of an earlier life would be there without it
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    print(f"http://127.0.0.1:{runner.addresses[0][1]}", flush=True)
    await stop.wait()
    await engine.close()
    await runner.cleanup()


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    asyncio.run(serve(Path(sys.argv[1]), json.loads(sys.argv[2])))
