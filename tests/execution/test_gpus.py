"""How several workers share the GPUs of a machine."""

import logging
import os
import stat

import psutil
import pytest
from msgspec.structs import replace

from execution.workers.gpus import VARIABLE, shares
from execution.workers.subprocess import SubprocessWorker


@pytest.fixture
def driver(tmp_path, monkeypatch):
    """Have `nvidia-smi` be a shell script, the only program there is."""
    monkeypatch.delenv(VARIABLE, raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))

    def install(script):
        program = tmp_path / "nvidia-smi"
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(program.stat().st_mode | stat.S_IXUSR)

    return install


def listing(count):
    return "\n".join(f"echo 'GPU {index}: NVIDIA H100 (UUID: GPU-{index})'" for index in range(count))


@pytest.mark.parametrize(
    ("workers", "gpus", "shared"),
    [
        (1, 4, [""]),
        (2, 4, ["0", "1"]),
        (3, 2, ["0", "1", "0"]),
        (2, 1, ["", ""]),
        (2, 0, ["", ""]),
    ],
)
def test_each_worker_has_a_gpu_of_its_own_while_there_are_enough(driver, workers, gpus, shared):
    driver(listing(gpus))
    assert shares(workers) == shared


def test_a_machine_without_a_driver_has_none(driver):
    assert shares(2) == ["", ""]


@pytest.mark.parametrize("script", ["echo 'NVIDIA-SMI has failed because ...'; exit 9", "printf '\\377'"])
def test_a_driver_that_does_not_answer_is_as_good_as_none(driver, script):
    driver(script)
    assert shares(2) == ["", ""]


def test_a_driver_that_cannot_be_asked_is_told_of(driver, tmp_path, caplog):
    (tmp_path / "nvidia-smi").write_bytes(b"\x7fELF nonsense")
    (tmp_path / "nvidia-smi").chmod(0o755)
    with caplog.at_level(logging.WARNING):
        assert shares(2) == ["", ""]
    assert "all workers see all" in caplog.text


@pytest.mark.parametrize(
    ("allowed", "shared"),
    [("2, 5", ["2", "5", "2"]), ("GPU-1f,GPU-2e,", ["GPU-1f", "GPU-2e", "GPU-1f"]), ("3", [""] * 3), ("", [""] * 3)],
)
def test_only_those_are_shared_that_may_be_seen(driver, monkeypatch, allowed, shared):
    driver(listing(8))
    monkeypatch.setitem(os.environ, VARIABLE, allowed)
    assert shares(3) == shared


async def test_a_worker_sees_the_gpu_that_is_its_own(settings, monkeypatch):
    monkeypatch.setenv(VARIABLE, "0,1")
    for gpu, seen in (("1", "1"), ("", "0,1")):
        worker = SubprocessWorker(replace(settings, gpu=gpu))
        try:
            await worker.start()
            assert psutil.Process(worker._child._process.pid).environ()[VARIABLE] == seen
        finally:
            await worker.close()
