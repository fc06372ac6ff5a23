"""What an attacker hands to a server of this kind: pickles that run something when read, and names that lead out."""

from __future__ import annotations

import io
import os
import pickle
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any


class Calls:
    """Pickles into the call of any function with any arguments."""

    def __init__(self, function: Any, *arguments: Any) -> None:
        self.what = function, arguments

    def __reduce__(self) -> Any:
        return self.what


def _by_hand(marker: Path) -> Iterator[tuple[str, bytes]]:
    """Opcodes that no `pickle.dump` writes: old calls, calls through attributes, state setters, memo tricks."""
    path = str(marker).encode()
    touch = b"import pathlib;pathlib.Path(%r).touch()" % marker.as_posix()
    yield "global_reduce", b"cos\nsystem\n(S'touch " + path + b"'\ntR."
    yield "inst", b"(S'touch " + path + b"'\nios\nsystem\n."
    yield "obj", b"(cos\nsystem\nS'touch " + path + b"'\no."
    yield "exec", b"c__builtin__\nexec\n(V" + touch + b"\ntR."
    yield (
        "getattr",
        b"c__builtin__\ngetattr\n(c__builtin__\n__import__\n(S'os'\ntRS'system'\ntR(S'touch " + path + b"'\ntR.",
    )
    yield "numpy_builtins", b"cnumpy\n__builtins__\n."
    yield "build", b"ctypes\nSimpleNamespace\n)R(dS'x'\ncos\nsystem\n(S'touch " + path + b"'\ntRsb."
    yield "newobj_ex", b"\x80\x04cfunctools\npartial\n(cos\nsystem\nS'touch " + path + b"'\nt}\x92)R."
    yield "torch_load", b"ctorch.hub\nload\n(S'" + path + b"'\nS'x'\ntR."
    yield "second_stream", pickle.dumps({}) + b"cos\nsystem\n(S'touch " + path + b"'\ntR."


def pickles(marker: Path) -> dict[str, bytes]:
    """Files by name, each of which makes `marker` if any part of it is run by whoever reads it."""
    command = f"touch {marker}"
    bare = dict(_by_hand(marker))
    for protocol in (0, 2, 4, 5):
        bare[f"reduce_{protocol}"] = pickle.dumps(Calls(os.system, command), protocol)
    bare["nested"] = pickle.dumps({"state_dict": [{"a": Calls(os.system, command)}]}, 2)
    bare["popen"] = pickle.dumps(Calls(os.popen, command), 2)
    files = {f"{name}.pt": content for name, content in bare.items()}
    for name in ("global_reduce", "reduce_4", "nested", "exec", "build"):
        files[f"zip_{name}.ckpt"] = torch_zip({"data.pkl": bare[name]})
        files[f"{name}.safetensors"] = bare[name]
    files["deflated.pth"] = torch_zip({"data.pkl": bare["reduce_2"]}, zipfile.ZIP_DEFLATED)
    files["case.SafeTensors"] = bare["reduce_2"]
    files["two.bin"] = torch_zip({"data.pkl": pickle.dumps({}), "other/data.pkl": bare["reduce_2"]})
    files["constants.pt"] = torch_zip({"constants.pkl": bare["reduce_2"], "data.pkl": pickle.dumps({})})
    files["script.pt"] = torch_zip({"code/__torch__.py": b"import os", "data.pkl": bare["reduce_2"]})
    files["seven.ckpt"] = b"7z\xbc\xaf\x27\x1c\x00\x04" + bare["reduce_2"]
    files["polyglot.png"] = b"\x89PNG\r\n\x1a\n" + bare["reduce_2"]
    files["shard_0000.pkl"] = bare["reduce_2"]
    files["old_layout.pt"] = old_torch_file(bare["reduce_2"])
    return files


def torch_zip(records: dict[str, bytes], compression: int = zipfile.ZIP_STORED) -> bytes:
    """The records as torch's zip format keeps them."""
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w", compression) as archive:
        for name, content in {"version": b"3\n", "byteorder": b"little", **records}.items():
            archive.writestr(f"archive/{name}", content)
    return whole.getvalue()


def old_torch_file(content: bytes) -> bytes:
    """A file of torch before 1.6: magic number, protocol, system, object, storages, one pickle after the other."""
    system = {"protocol_version": 1001, "little_endian": True, "type_sizes": {"short": 2, "int": 4, "long": 4}}
    head = b"".join(pickle.dumps(part, 2) for part in (0x1950A86A20F9469CFC6C, 1001, system))
    return head + content + pickle.dumps([], 2)


LEADING_OUT = [
    "../secret.txt", "..\\secret.txt", "....//secret.txt", "a/../../secret.txt", "./../secret.txt", "/etc/passwd",
    "C:\\Windows\\win.ini", "\\\\host\\share\\x", "file:///etc/passwd", "..%2fsecret.txt", "%2e%2e%2fsecret.txt",
    "..%252fsecret.txt", "\0../secret.txt", "..\0/secret.txt", "．．／secret.txt", "..\u2215secret.txt",
    "\u202etxt.terces/..", "secret.txt [output]", "../secret.txt [input]", "../secret.txt[temp]", "lnk/secret.txt",
    "x" * 4097, "../" * 60 + "etc/passwd", "..;/secret.txt", "CON", "secret.txt.", "secret.txt ", "~/secret.txt",
    "blake3:" + "0" * 64, "blake3:../secret.txt",
]  # fmt: skip
"""Names that lead out of a folder on some system, under some encoding or by some link."""
