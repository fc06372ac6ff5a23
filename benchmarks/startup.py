"""How long a user waits: from `python main.py` to the page, the node catalogue and the first picture.

    python benchmarks/startup.py [--runs 3] [--base-directory DIR] [-- flags for main.py]

Each run starts a new server on a free port; the first has no catalogue from an earlier start. The picture is that of
user_workflows/text_to_image.json, at another seed each time.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

CHECKOUT = Path(__file__).resolve().parent.parent
WORKFLOW = CHECKOUT / "user_workflows" / "text_to_image.json"
COLUMNS = ("page", "catalogue", "first picture", "second picture")
PATIENCE = 300.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--base-directory", type=Path, help="default: a new, empty one")
    parser.add_argument("flags", nargs="*", help="more flags for main.py, after --")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        base = options.base_directory or Path(scratch)
        rows = [measure(base, options.flags, seed) for seed in range(1, options.runs + 1)]
    print(table(rows))


def measure(base: Path, flags: list[str], seed: int) -> list[float]:
    """Seconds from the start of the process to each of COLUMNS; the second picture counts from its own request."""
    command = [sys.executable, "main.py", "--port", str(free_port()), "--base-directory", str(base), *flags]
    started = time.perf_counter()
    server = subprocess.Popen(
        [*command, "--disable-auto-launch"], cwd=CHECKOUT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    url = f"http://127.0.0.1:{command[3]}"
    try:
        wait_for_page(url, server)
        page = time.perf_counter() - started
        get(f"{url}/object_info")
        catalogue = time.perf_counter() - started
        make_picture(url, seed)
        first = time.perf_counter() - started
        make_picture(url, seed + 1000)
        return [page, catalogue, first, time.perf_counter() - started - first]
    finally:
        server.terminate()
        server.wait(timeout=30)


def wait_for_page(url: str, server: subprocess.Popen[bytes]) -> None:
    while server.poll() is None:
        try:
            urllib.request.urlopen(url, timeout=5).read(1)
            return
        except (urllib.error.URLError, ConnectionError):
            time.sleep(0.005)
    raise SystemExit(f"the server ended with exit code {server.returncode}; run python main.py to see why")


def make_picture(url: str, seed: int) -> None:
    workflow = json.loads(WORKFLOW.read_text())
    for node in workflow["nodes"]:
        if node["type"] == "KSampler":
            node["widgets_values"][0] = seed
    prompt_id = get(f"{url}/prompt", {"prompt": workflow})["prompt_id"]
    give_up = time.perf_counter() + PATIENCE
    while time.perf_counter() < give_up:
        entry = get(f"{url}/history/{prompt_id}").get(prompt_id)
        if entry is not None:
            if entry["status"]["status_str"] != "success":
                raise SystemExit(f"no picture: {entry['status']['messages'][-1][1].get('exception_message')}")
            return
        time.sleep(0.01)
    raise SystemExit(f"no picture after {PATIENCE:.0f} s")


def get(url: str, body: dict[str, Any] | None = None) -> Any:
    data = None if body is None else json.dumps(body).encode()
    try:
        with urllib.request.urlopen(urllib.request.Request(url, data), timeout=PATIENCE) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as error:
        raise SystemExit(f"{url}: {json.load(error)['error']['message']}") from None


def free_port() -> int:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as probe:
        return probe.getsockname()[1]


def table(rows: list[list[float]]) -> str:
    head = "run    " + "".join(f"{name:>16}" for name in COLUMNS)
    lines = [f"{index:<7}" + "".join(f"{value:>14.2f} s" for value in row) for index, row in enumerate(rows, 1)]
    return "\n".join([head, *lines])


if __name__ == "__main__":
    main()
