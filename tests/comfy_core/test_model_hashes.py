"""The hashes by which other programs name models."""

import hashlib
import os
import struct

import pytest

from comfy_core.model_hashes import ModelHashes, OutOfTime, auto_v1

BODY = os.urandom(2 << 20)
HEADER = b'{"__metadata__": {}}'
CONTENT = struct.pack("<Q", len(HEADER)) + HEADER + BODY
V2 = hashlib.sha256(CONTENT).hexdigest()
V3 = hashlib.sha256(BODY).hexdigest()


@pytest.fixture
def model(tmp_path):
    path = tmp_path / "model.safetensors"
    path.write_bytes(CONTENT)
    return path


@pytest.fixture
def hashes(tmp_path):
    return ModelHashes(tmp_path / "user" / "hashes.json")


def test_each_hash_is_of_its_own_part_of_the_file(model, hashes):
    assert auto_v1(model) == hashlib.sha256(CONTENT[0x100000:0x110000]).hexdigest()[:8]
    assert (hashes.sha256(model), hashes.auto_v3(model)) == (V2, V3)
    for short in (auto_v1(model), V2[:10], V2.upper(), V3[:12]):
        assert hashes.fits(model, short)
    assert not hashes.fits(model, "0" * 10)
    assert not hashes.fits(model, V2[:4])


def test_a_hash_is_remembered_until_the_file_changes(model, hashes, monkeypatch):
    hashes.sha256(model)
    reads = []
    monkeypatch.setattr(ModelHashes, "_digest", lambda self, path, begin: reads.append(path) or "new")
    assert ModelHashes(hashes.memory).sha256(model) == V2
    model.write_bytes(CONTENT + b"x")
    assert (hashes.sha256(model), reads) == ("new", [model])


def test_a_search_that_is_out_of_time_says_so_and_finds_what_it_knows(model, hashes):
    late = ModelHashes(hashes.memory, until=0.0)
    with pytest.raises(OutOfTime):
        late.find([model], V2[:10])
    hashes.sha256(model)
    assert late.find([model], V2[:10]) == model
    assert hashes.find([model, model.with_name("gone.ckpt")], "0" * 10) is None


@pytest.mark.parametrize("content", [b"", b"abc", b"\xff" * 8, b"\xff" * 20])
def test_files_that_are_no_models_have_hashes_too(tmp_path, hashes, content):
    path = tmp_path / "odd.safetensors"
    path.write_bytes(content)
    assert hashes.fits(path, hashlib.sha256(content).hexdigest()[:10])
    assert len(hashes.auto_v3(path)) == 64


def test_a_damaged_memory_is_as_good_as_none(model, hashes):
    hashes.memory.parent.mkdir()
    hashes.memory.write_text('{"' + str(model) + '": 3')
    assert hashes.sha256(model) == V2
