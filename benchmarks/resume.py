"""What it costs that a sampling can go on after a crash: time for each answer of the model, and bytes on the disk.

    python -m benchmarks.resume [--answers 30]

No model runs: answers are made up, as many as samplers ask for. "noted" is the time a step waits, "written" what
writing takes every few seconds, "given back" what a step costs after a crash instead of the model's time.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor

from comfy_core.journal import Keeper, keeping
from comfy_core.sampling.resume import recalled, resumable

LATENTS = {
    "512 x 512": (1, 4, 64, 64),
    "1024 x 1024": (1, 4, 128, 128),
    "1024 x 1024, 16 channels, 4 at once": (4, 16, 128, 128),
    "video, 81 frames of 832 x 480": (1, 16, 21, 60, 104),
}


def measure(shape: tuple[int, ...], count: int) -> tuple[float, float, float, int]:
    """Seconds for each answer: noted, written, given back; and bytes for each."""
    answers = [torch.randn(shape), torch.randn(shape)]

    @recalled
    def predict(model: None, sides: None, x: Tensor, timestep: Tensor) -> list[Tensor]:
        return answers

    x, sigma = torch.randn(shape), torch.ones(shape[0])
    with tempfile.TemporaryDirectory() as folder:
        keeper = Keeper(Path(folder), seconds=1e9)
        noted = _run(keeper, lambda: predict(None, None, x, sigma), count)
        began = time.process_time()
        keeper.write()
        written = (time.process_time() - began) / count
        size = sum(path.stat().st_size for path in Path(folder).iterdir())
        given_back = _run(Keeper(Path(folder)), lambda: predict(None, None, x, sigma), count)
    return noted, written, given_back, size // count


def _run(keeper: Keeper, ask: Callable[[], list[Tensor]], count: int) -> float:
    with keeping(keeper, "node"), resumable():
        began = time.process_time()
        for _ in range(count):
            ask()
        return (time.process_time() - began) / count


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--answers", type=int, default=30)
    options = parser.parse_args()
    print(f"{'latent':<38}{'noted':>10}{'written':>10}{'given back':>12}{'bytes':>12}")
    for name, shape in LATENTS.items():
        runs = [measure(shape, options.answers) for _ in range(3)]
        noted, written, given_back = (1000 * min(run[place] for run in runs) for place in range(3))
        print(f"{name:<38}{noted:>7.2f} ms{written:>7.2f} ms{given_back:>9.2f} ms{runs[0][3]:>12,}")


if __name__ == "__main__":
    main()
