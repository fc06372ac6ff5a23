"""Take the README's picture of the editor: `python -m tools.screenshot` (needs the test extra and Chromium).

Starts a server with an empty base directory, runs the default graph in a real browser, and saves what the page shows.
"""

from __future__ import annotations

import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent
PICTURE = CHECKOUT / "docs" / "editor.png"
CHROMIUM = "/usr/bin/chromium"


def main() -> None:
    from playwright.sync_api import sync_playwright

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{probe.getsockname()[1]}"
    with tempfile.TemporaryDirectory() as base:
        command = [sys.executable, "main.py", "--port", url.rpartition(":")[2], "--base-directory", base]
        server = subprocess.Popen([*command, "--disable-auto-launch"], cwd=CHECKOUT)
        try:
            wait_for(url)
            with sync_playwright() as playwright:
                browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
                page = browser.new_page(viewport={"width": 1360, "height": 800}, color_scheme="dark")
                page.goto(url)
                page.get_by_text("Connected").wait_for()
                page.keyboard.press("Control+Enter")
                page.locator("[data-outcome=success]").wait_for(timeout=120_000)
                page.wait_for_timeout(1000)  # the picture itself is still on its way
                page.screenshot(path=PICTURE)
                browser.close()
        finally:
            server.terminate()
            server.wait(timeout=30)
    print(PICTURE)


def wait_for(url: str, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            urllib.request.urlopen(url, timeout=2).close()
            return
        except OSError:
            time.sleep(0.2)
    raise TimeoutError(f"{url} did not answer in {seconds:.0f} s")


if __name__ == "__main__":
    main()
