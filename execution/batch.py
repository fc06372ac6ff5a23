"""One workflow for every row of a table, with a manifest of what came of each: a batch that is broken off goes on.

A table is CSV whose first row names inputs (`6.text`, `KSampler.seed`); empty cells leave an input as it is. The
manifest is a JSON object a line, appended as rows are done: what a row asked for, its files, or what went wrong.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Row:
    """A row of a table, counted from 1. `key` is the same for the same values in the same workflow."""

    number: int
    values: dict[str, str]
    key: str

    @property
    def words(self) -> list[str]:
        """The values as `NODE.INPUT=VALUE`."""
        return [f"{name}={value}" for name, value in self.values.items()]


def read_table(path: Path, workflow: bytes) -> list[Row]:
    """The rows of a CSV file. Raises ValueError with one sentence for what is no table, OSError."""
    try:
        lines = list(csv.reader(io.StringIO(path.read_text("utf-8-sig"))))
    except (UnicodeDecodeError, csv.Error) as error:
        raise ValueError(f"{path.name} is no CSV table: {error}") from None
    rows = [line for line in lines if any(cell.strip() for cell in line)]
    if not rows:
        raise ValueError(f"{path.name} is empty; its first row names inputs, such as 6.text")
    names = [name.strip() for name in rows[0]]
    if not all(names) or len(set(names)) != len(names):
        raise ValueError(f"{path.name}: each column needs an input's name of its own, such as 6.text, in the first row")
    made = []
    for number, cells in enumerate(rows[1:], start=1):
        if len(cells) > len(names):
            raise ValueError(f"{path.name}, row {number}: {len(cells)} cells for {len(names)} columns; quote commas")
        values = {name: cell for name, cell in zip(names, cells, strict=False) if cell.strip()}
        made.append(Row(number, values, _key(values, workflow)))
    return made


def _key(values: dict[str, str], workflow: bytes) -> str:
    text = json.dumps(values, sort_keys=True).encode("utf-8", "surrogatepass")
    return hashlib.sha256(hashlib.sha256(workflow).digest() + text).hexdigest()[:16]


@dataclass
class Manifest:
    """What came of rows, in a file that only grows."""

    path: Path

    def done(self) -> set[str]:
        """The keys of rows whose files are all still there. Raises OSError."""
        return {
            entry["key"]
            for entry in self._entries()
            if entry.get("files") and all(Path(file).is_file() for file in entry["files"])
        }

    def add(self, row: Row, **result: Any) -> None:
        """Write a row's result down: from then on a crash of the program does not lose it. Raises OSError."""
        entry = {"row": row.number, "key": row.key, "values": row.values, **result}
        with self.path.open("a", encoding="utf-8") as file:
            if file.tell() and not self._ends_with_a_line():
                file.write("\n")  # what a crash broke off stays a line of its own
            file.write(json.dumps(entry, ensure_ascii=False) + "\n")

    def _ends_with_a_line(self) -> bool:
        with self.path.open("rb") as file:
            file.seek(-1, 2)
            return file.read() == b"\n"

    def _entries(self) -> Iterator[dict[str, Any]]:
        if not self.path.exists():
            return
        for line in self.path.read_text("utf-8", "replace").splitlines():
            try:
                entry = json.loads(line)
            except ValueError:
                continue
            if (
                isinstance(entry, dict)
                and isinstance(entry.get("key"), str)
                and isinstance(entry.get("files", []), list)
            ):
                yield entry
