"""What a pack changes for the whole process does not stay."""

import locale
import os
import signal
import subprocess
import sys

import pytest
import torch

from comfy_core.folders import CHECKOUT
from execution.load_nodes import load_nodes
from execution.restored import restore_tensors, restored

RUDE = """
import locale, os, signal, sys, torch
os.chdir("/")
locale.setlocale(locale.LC_ALL, "C" if locale.setlocale(locale.LC_ALL) != "C" else "C.UTF-8")
sys.stdout = sys.stderr = None
signal.signal(signal.SIGTERM, signal.SIG_IGN)
torch.set_default_dtype(torch.float64)
torch.set_default_device("meta")
torch.set_grad_enabled(False)
torch.set_num_threads(torch.get_num_threads() + 1)
torch.use_deterministic_algorithms(True)
"""


def state():
    defaults = (torch.get_default_dtype(), torch.get_default_device(), torch.is_grad_enabled(), torch.zeros(1).device)
    work = (torch.get_num_threads(), torch.are_deterministic_algorithms_enabled())
    place = (os.getcwd(), locale.setlocale(locale.LC_ALL))
    return place, sys.stdout, sys.stderr, signal.getsignal(signal.SIGTERM), defaults, work


@pytest.mark.parametrize("end", ["", "raise KeyboardInterrupt"])
def test_a_pack_that_is_loaded_changes_nothing_for_the_others(tmp_path, caplog, end):
    (tmp_path / "rude.py").write_text(RUDE + end)
    before = state()
    load_nodes((), tmp_path)
    assert state() == before
    (said,) = [record.getMessage() for record in caplog.records if "whole process" in record.getMessage()]
    assert said == (
        "custom_nodes.rude changed the working directory and the locale and sys.stdout and sys.stderr and the handler "
        "of SIGTERM and torch's default dtype and torch's default device and torch's default gradients and torch's "
        "default threads and torch's default determinism for the whole process; that is undone"
    )


def test_who_changes_nothing_is_not_mentioned(caplog):
    with restored("a quiet pack"):
        pass
    assert caplog.records == []


def test_what_new_tensors_are_like_is_put_back_after_each_node(caplog):
    before = state()
    with restored("a prompt") as settings:
        torch.set_default_dtype(torch.float64)
        torch.set_default_device("meta")
        restore_tensors(settings, "node 1 (Rude)")
        assert state() == before
        restore_tensors(settings, "node 2 (Quiet)")
    assert [record.getMessage() for record in caplog.records] == [
        "node 1 (Rude) changed torch's default dtype and torch's default device for the whole process; that is undone"
    ]


def test_torch_has_its_usual_defaults_after_the_pack_that_imported_it_first(tmp_path):
    code = f"""
import sys
from pathlib import Path
from execution.load_nodes import load_nodes
assert "torch" not in sys.modules
load_nodes((), Path({str(tmp_path)!r}))
import torch
print(torch.get_default_dtype(), torch.get_default_device(), torch.is_grad_enabled())
"""
    (tmp_path / "rude.py").write_text(RUDE)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=CHECKOUT, check=True)
    assert done.stdout.strip() == "torch.float32 cpu True"


def test_a_thread_that_a_pack_left_running_does_not_keep_the_process():
    code = "import threading, main; threading.Thread(target=threading.Event().wait).start(); main._leave(3)"
    assert subprocess.run([sys.executable, "-c", code], cwd=CHECKOUT, timeout=60).returncode == 3
