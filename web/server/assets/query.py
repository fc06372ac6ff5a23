"""What a list of assets is asked for: tags, names, words of the user's, and which page in which order."""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass, field
from typing import Any

import msgspec
from multidict import MultiMapping

from web.server.assets.refusals import AssetRefusal

SORTS = ("name", "created_at", "updated_at", "size", "last_access_time")
ORDERS = ("desc", "asc")
MOST_TAGS = 100
MOST_ASSETS = 500
LARGEST = 2**63 - 1
LONGEST_TAG = 200
SPELLINGS = {"include_tags": "tags_all", "exclude_tags": "tags_none"}
NUMBER = re.compile(r"-?[0-9]{1,19}")
Scalar = str | int | float | bool | None


@dataclass(frozen=True)
class Filters:
    """Which assets. `words` are those of the user's metadata: for each key the values of which it must have one."""

    all: tuple[str, ...] = ()
    none: tuple[str, ...] = ()
    any: tuple[str, ...] = ()
    name: str = ""
    words: dict[str, list[Scalar]] = field(default_factory=dict)


class Cursor(msgspec.Struct, array_like=True):
    """The last asset of a page, by which the next one begins."""

    sort: str
    order: str
    value: str | int
    id: str


@dataclass(frozen=True)
class Page:
    limit: int = 20
    offset: int = 0
    sort: str = "created_at"
    order: str = "desc"
    after: Cursor | None = None


def filters_of(query: MultiMapping[str]) -> Filters:
    """Raises AssetRefusal (INVALID_QUERY, INVALID_TAG_FILTER)."""
    modern = {"tags_all", "tags_none", "tags_any"} & set(query)
    classic = SPELLINGS.keys() & set(query)
    if modern and classic:
        raise _bad_filter(f"{sorted(classic)[0]} and {sorted(modern)[0]} are two spellings; use one of them")
    required = _tags(query, "include_tags", "tags_all")
    rejected = _tags(query, "exclude_tags", "tags_none")
    both = sorted(set(required) & set(rejected))
    if both:
        raise _bad_filter(f"the tag {both[0]!r} is both required and rejected")
    words = _words(query.get("metadata_filter", ""))
    return Filters(required, rejected, _tags(query, "tags_any"), query.get("name_contains", ""), words)


def page_of(query: MultiMapping[str]) -> Page:
    """Raises AssetRefusal (INVALID_QUERY, INVALID_CURSOR). An offset counts only without a cursor."""
    sort, order = choice(query, "sort", SORTS, "created_at"), choice(query, "order", ORDERS, "desc")
    limit, offset = whole(query, "limit", 20, 1, MOST_ASSETS), whole(query, "offset", 0, 0, LARGEST)
    after = _cursor(query["after"], sort, order) if query.get("after") else None
    return Page(limit, 0 if after else offset, sort, order, after)


def written(cursor: Cursor) -> str:
    """A cursor as clients carry it."""
    return base64.urlsafe_b64encode(msgspec.json.encode(cursor)).decode().rstrip("=")


def whole(query: MultiMapping[str], name: str, usual: int, least: int, most: int) -> int:
    text = query.get(name, str(usual))
    number = int(text) if NUMBER.fullmatch(text) else None
    if number is None or not least <= number <= most:
        raise AssetRefusal("INVALID_QUERY", f"{name} must be a whole number from {least} to {most}, not {text[:40]!r}")
    return number


def choice(query: MultiMapping[str], name: str, words: tuple[str, ...], usual: str) -> str:
    word = query.get(name, usual).lower()
    if word not in words:
        raise AssetRefusal("INVALID_QUERY", f"{name} must be one of {', '.join(words)}, not {word[:40]!r}")
    return word


def clean_tag(tag: str) -> str:
    """A tag as it is stored. Raises AssetRefusal for what is none."""
    clean = tag.strip().lower()
    if not clean or len(clean) > LONGEST_TAG or not clean.isprintable() or "," in clean:
        hint = f"a tag has 1 to {LONGEST_TAG} printable characters and no comma"
        raise AssetRefusal("INVALID_BODY", f"{hint}; this is none: {tag[:40]!r}")
    return clean


def _tags(query: MultiMapping[str], *names: str) -> tuple[str, ...]:
    """Tags with commas between them, or repeated, by any of these names."""
    listed = [tag for name in names for text in query.getall(name, []) for tag in text.split(",")]
    found = tuple(dict.fromkeys(tag.strip().lower() for tag in listed if tag.strip()))
    if len(found) > MOST_TAGS:
        raise _bad_filter(f"{names[-1]} has {len(found)} tags; {MOST_TAGS} are the most")
    return found


def _words(text: str) -> dict[str, list[Scalar]]:
    if not text:
        return {}
    try:
        asked = msgspec.json.decode(text, type=dict[str, Scalar | list[Scalar]])
    except (msgspec.MsgspecError, RecursionError):
        hint = 'a JSON object such as {"artist": "ada"} or {"artist": ["ada", "bob"]}'
        raise AssetRefusal("INVALID_QUERY", f"metadata_filter must be {hint}") from None
    words = {key: value if isinstance(value, list) else [value] for key, value in asked.items()}
    values: list[Any] = [value for listed in words.values() for value in listed]
    if len(words) + len(values) > MOST_TAGS or any(isinstance(one, int) and abs(one) > LARGEST for one in values):
        raise AssetRefusal("INVALID_QUERY", f"metadata_filter has more than {MOST_TAGS} words, or a number too large")
    return words


def _cursor(text: str, sort: str, order: str) -> Cursor:
    try:
        cursor = msgspec.json.decode(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)), type=Cursor)
    except (msgspec.MsgspecError, binascii.Error, ValueError, RecursionError):
        raise AssetRefusal("INVALID_CURSOR", "after is no cursor; take it from next_cursor") from None
    fits = isinstance(cursor.value, str) == (sort == "name")
    if (
        (cursor.sort, cursor.order) != (sort, order)
        or not fits
        or (cursor.value.__class__ is int and abs(cursor.value) > LARGEST)
    ):
        raise AssetRefusal("INVALID_CURSOR", "after belongs to another sort or order; begin again without it")
    return cursor


def _bad_filter(message: str) -> AssetRefusal:
    return AssetRefusal("INVALID_TAG_FILTER", message)
