"""What a LoRA on the full-size U-Net of SD 1.5 costs: seconds to put it on and to take it off, and the memory it holds.

    python benchmarks/lora.py [--folder /tmp] [--rank 16]

The U-Net (1.7 GB in half precision) and a LoRA for all of its linear layers and convolutions are random, written to
the folder first and deleted afterwards. Each way of computing runs in a process of its own, with two threads; the
shortest of five times counts, on the clock and of the processor (both threads together), from opening the LoRA to its
weights being in the network; the files are in the system's cache. The first time is told too: a virtual machine takes
memory from its host then, which can take longer than all the rest. Memory is what the process has to itself: pages of
files, which the system can take back, are not it.
"""

from __future__ import annotations

import argparse
import gc
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

AS_MAIN = {"OMP_WAIT_POLICY": "PASSIVE", "THP_MEM_ALLOC_ENABLE": "1"}
"""What `main.py` sets for the worker."""
ROUNDS = 5
WAYS = {"float32": {}, "float16": {"unet_type": "fp16"}, "bfloat16": {"unet_type": "bf16"}}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()))
    parser.add_argument("--rank", type=int, default=16)
    parser.add_argument("--child", nargs=3, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        return child(*options.child)
    unet, lora = (options.folder / f"easel-benchmark-{name}.safetensors" for name in ("unet", "lora"))
    try:
        write(unet, lora, options.rank)
        print(f"LoRA of rank {options.rank}, {lora.stat().st_size / 1e6:.0f} MB")
        for way in WAYS:
            command = [sys.executable, __file__, "--child", way, str(unet), str(lora)]
            subprocess.run(command, check=True, env={**os.environ, **AS_MAIN})
    finally:
        for file in (unet, lora):
            file.unlink(missing_ok=True)


def write(unet: Path, lora: Path, rank: int) -> None:
    """A U-Net, and matrices for each of its layers, under the names of kohya's scripts."""
    import torch
    from safetensors.torch import save_file

    from benchmarks import full_size

    weights = full_size.tensors(torch.float16, parts=(full_size.UNET,))
    save_file(weights, unet)
    generator = torch.Generator().manual_seed(1)
    matrices = {}
    for name, weight in weights.items():
        if name.endswith(".weight") and weight.ndim > 1:
            module = "lora_unet_" + name.removeprefix(full_size.UNET).removesuffix(".weight").replace(".", "_")
            down = torch.randn(rank, *weight.shape[1:], generator=generator) * 0.02
            up = torch.randn(weight.shape[0], rank, *(1,) * (weight.ndim - 2), generator=generator) * 0.02
            matrices[f"{module}.lora_down.weight"] = down.half()
            matrices[f"{module}.lora_up.weight"] = up.half()
            matrices[f"{module}.alpha"] = torch.tensor(rank / 2)
    save_file(matrices, lora)


def child(way: str, unet: str, lora: str) -> None:
    import torch

    from comfy_core.lora import load_lora_for_models
    from comfy_core.memory import devices, residency
    from comfy_core.parts import load_diffusion_model
    from comfy_core.weights import open_weights

    torch.set_num_threads(2)
    devices.configure(cpu=True, **WAYS[way])
    model = load_diffusion_model(Path(unet))
    with residency.use([model]):
        pass
    on: list[tuple[float, float]] = []
    off: list[tuple[float, float]] = []
    before = own_memory()
    for _ in range(ROUNDS):
        with timed(on):
            patched, _ = load_lora_for_models(model, None, open_weights(Path(lora)), 0.8, 0)
            assert patched is not None
            with residency.use([patched]):
                pass
        during, count = own_memory(), len(patched.patches)
        del patched
        with timed(off), residency.use([model]):
            pass
    gc.collect()
    after = own_memory()
    print(
        f"  {way:9} {count} weights: on {best(on)}, off {best(off)}; memory "
        f"{before:.2f} GB without, {during:.2f} GB with, {after:.2f} GB after it"
    )


@contextmanager
def timed(times: list[tuple[float, float]]) -> Iterator[None]:
    """Note the seconds that the block takes, on the clock and of the processor."""
    clock, processor = time.perf_counter(), time.process_time()
    yield
    times.append((time.perf_counter() - clock, time.process_time() - processor))


def best(times: list[tuple[float, float]]) -> str:
    clock, processor = (min(column) for column in zip(*times, strict=True))
    return f"{clock:.2f} s ({processor:.2f} s of processor; first {times[0][0]:.2f} s)"


def own_memory() -> float:
    """The memory that the process has to itself now, in GB."""
    (line,) = (line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("RssAnon"))
    return int(line.split()[1]) * 1024 / 1e9


if __name__ == "__main__":
    main()
