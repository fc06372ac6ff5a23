"""What a worker is told at its start."""

import msgspec

from comfy_core.folders import ExtraFolder, Folders
from execution.worker import WorkerSettings


def test_a_worker_finds_the_folders_of_its_server_on_the_other_side_of_the_process_border(tmp_path) -> None:
    extra = (ExtraFolder("loras", tmp_path / "l", first=True), ExtraFolder("vae", tmp_path / "v"))
    folders = Folders(base=tmp_path, input=tmp_path / "in", user=tmp_path / "me", extra=extra)
    sent = msgspec.msgpack.encode(WorkerSettings.at(folders))
    assert msgspec.msgpack.decode(sent, type=WorkerSettings).folders == folders
