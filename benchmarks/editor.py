"""What the editor costs the browser: main-thread milliseconds per event, load, size and memory, at 500 to 5,000 nodes.

    python -m benchmarks.editor [--nodes 500 1500 5000] [--rounds 3]

Starts a server of its own and Debian's Chromium (or $EASEL_CHROMIUM). An event is a wheel notch, or one step of a pan
or drag; its cost is the processor time of the page's main thread (`TaskDuration` of the DevTools protocol), the least
of the rounds, so that what else the machine does counts little.
"""

from __future__ import annotations

import argparse
import gzip
import json
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.browser.conftest import FLAGS, chromium_path
from tests.browser.graphs import chains
from tests.browser.hands import open_workflow
from tests.live_server import serving

ROOT = Path(__file__).parents[1]
VIEW = {"width": 1600, "height": 900}
STEPS = 30


class Busy:
    """The processor time that the main thread of a page took for something, in seconds."""

    def __init__(self, page: Any) -> None:
        self.session = page.context.new_cdp_session(page)
        self.session.send("Performance.enable", {"timeDomain": "threadTicks"})

    def metric(self, name: str) -> float:
        found = self.session.send("Performance.getMetrics")["metrics"]
        return float(next(one["value"] for one in found if one["name"] == name))

    def of(self, do: Callable[[], None]) -> float:
        before = self.metric("TaskDuration")
        do()
        return self.metric("TaskDuration") - before

    def heap(self) -> float:
        self.session.send("HeapProfiler.enable")
        self.session.send("HeapProfiler.collectGarbage")
        return self.metric("JSHeapUsedSize") / 2**20


def events(page: Any) -> dict[str, Callable[[], None]]:
    """The gestures, each of `STEPS` events, one per frame as a hand makes them."""

    def each_frame(step: Callable[[int], None]) -> None:
        for i in range(STEPS):
            step(i)
            page.evaluate("new Promise(requestAnimationFrame)")

    def pan() -> None:
        page.mouse.move(800, 450)
        page.keyboard.down("Space")
        page.mouse.down()
        each_frame(lambda i: page.mouse.move(800 - 8 * i, 450 - 4 * i))
        page.mouse.up()
        page.keyboard.up("Space")

    def zoom() -> None:
        page.mouse.move(800, 450)
        each_frame(lambda i: page.mouse.wheel(0, 90 if i < STEPS // 2 else -90))

    def move_node() -> None:
        shown = page.locator("[data-node-root] .node-name")
        box = shown.nth(shown.count() // 2).bounding_box()
        x, y = box["x"] + 20, box["y"] + 8
        page.mouse.move(x, y)
        page.mouse.down()
        each_frame(lambda i: page.mouse.move(x + 4 * i, y + 2 * i))
        page.mouse.up()

    return {"pan": pan, "zoom": zoom, "drag": move_node}


def measure(browser: Any, url: str, count: int) -> dict[str, float]:
    """One round with `count` nodes."""
    context = browser.new_context(viewport=VIEW, color_scheme="dark")
    page = context.new_page()
    started = time.perf_counter()
    page.goto(url)
    page.wait_for_selector("[data-node-root]")
    found = {"first load, s": time.perf_counter() - started}
    busy, gestures = Busy(page), events(page)
    found["open, ms"] = 1000 * busy.of(lambda: open_workflow(page, chains(count), "large"))
    found["overview pan, ms"] = 1000 * busy.of(gestures["pan"]) / STEPS
    page.locator(".canvas").focus()
    page.keyboard.press("Control+0")
    page.wait_for_selector("[data-node-root]")
    for name, do in gestures.items():
        found[f"{name}, ms"] = 1000 * busy.of(do) / STEPS
    found["elements"] = page.evaluate("document.querySelectorAll('*').length")
    found["heap, MiB"] = busy.heap()
    context.close()
    return found


def first_load_size() -> int:
    """Gzipped bytes of what the page reads before it can be used: the entry and what it names."""
    dist = ROOT / "web" / "dist"
    page = (dist / "index.html").read_text()
    files = [dist / "index.html", *(path for path in (dist / "assets").iterdir() if path.name in page)]
    return sum(len(gzip.compress(path.read_bytes(), 9)) for path in files)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--nodes", type=int, nargs="+", default=[500, 1500, 5000])
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    from playwright.sync_api import sync_playwright

    print(f"first load: {first_load_size() / 1000:.1f} kB gzipped")
    with tempfile.TemporaryDirectory() as folder, serving(Path(folder)) as url, sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=chromium_path(), args=FLAGS)
        for count in options.nodes:
            rounds = [measure(browser, url, count) for _ in range(options.rounds)]
            least = {name: round(min(one[name] for one in rounds), 2) for name in rounds[0]}
            print(json.dumps({"nodes": count} | least), flush=True)
        browser.close()


if __name__ == "__main__":
    main()
