"""What loading a full-size checkpoint of SD 1.5 takes: seconds, bytes read, and the peak of the process's memory.

    python benchmarks/loading.py [--folder /tmp] [--switch]

Checkpoints of 2.1 GB with random weights are written to the folder first, and deleted afterwards. Each way runs in a
process of its own, which puts all three networks on the CPU; with `--switch` it then does so with a second checkpoint.
The peak counts mapped pages of the file.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

WAYS: dict[str, dict[str, Any]] = {
    "float32": {},
    "types of the file": {"unet_type": "fp16", "vae_type": "fp16", "text_type": "fp16"},
    "float32, novram": {"novram": True},
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()))
    parser.add_argument("--switch", action="store_true")
    parser.add_argument("--child", nargs="+", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        way, *files = options.child
        return child(way, files)
    from benchmarks import full_size

    count = 2 if options.switch else 1
    files = [options.folder / f"easel-benchmark-{number}.safetensors" for number in range(count)]
    try:
        for number, file in enumerate(files):
            full_size.write(file, seed=number)
        print(f"{files[0].stat().st_size / 1e9:.2f} GB a checkpoint")
        for way in WAYS:
            subprocess.run([sys.executable, __file__, "--child", way, *map(str, files)], check=True)
    finally:
        for file in files:
            file.unlink(missing_ok=True)


def child(way: str, files: list[str]) -> None:
    from comfy_core.families import load_checkpoint
    from comfy_core.memory import devices, residency

    devices.configure(cpu=True, **WAYS[way])
    imported = peak()
    for file in files:
        started, read = time.perf_counter(), bytes_read()
        checkpoint = load_checkpoint(file)
        for patcher in (checkpoint.clip.patcher, checkpoint.model, checkpoint.vae.patcher):
            with residency.use([patcher]):
                pass
        print(
            f"  {way:20} {Path(file).stem:18} {time.perf_counter() - started:6.1f} s  "
            f"read {(bytes_read() - read) / 1e9:5.2f} GB  peak {peak():5.2f} GB, {imported:.2f} of it before"
        )


def peak() -> float:
    """The most memory the process has had, in GB."""
    (line,) = (line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) * 1024 / 1e9


def bytes_read() -> int:
    """Bytes the process had from the disk; none where the file was in the system's cache."""
    (line,) = (line for line in Path("/proc/self/io").read_text().splitlines() if line.startswith("read_bytes"))
    return int(line.split()[1])


if __name__ == "__main__":
    main()
