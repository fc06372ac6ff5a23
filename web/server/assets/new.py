"""What is said of an asset when it is made."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class New:
    """`name` and `mime_type` are those of the file if they are not given."""

    name: str | None = None
    tags: list[str] = field(default_factory=list)
    user_metadata: dict[str, Any] = field(default_factory=dict)
    mime_type: str | None = None
    preview_id: str | None = None
