"""One thread for torch: small tensors gain nothing from more, and waiting threads steal time from each other."""

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import pytest

from comfy_core import folders


@pytest.fixture(autouse=True)
def same_folders():
    """A worker in this process sets the folders; the next test has those that there were before."""
    with folders.using(folders.current()):
        yield
