"""A table of tensors in another layout: parts, transpositions and reshapings of what a file holds, made when read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from torch import Tensor

from comfy_core.weights import Weights
from comfy_core.weights.table import Entry


@dataclass(frozen=True)
class View:
    """A tensor of shape `shape` that `change` makes of the tensor `source`; it should not copy."""

    source: str
    shape: tuple[int, ...]
    change: Callable[[Tensor], Tensor]


def viewed(weights: Weights, views: Mapping[str, View]) -> Weights:
    """The table's tensors with `views` in place of their sources. Names in `views` may be those of their sources."""
    sources = {view.source for view in views.values()}
    kept = {name: stored for name, stored in weights.stored.items() if name not in sources}
    marks = {f"{name}\0": view for name, view in views.items()}
    entries = {mark: Entry(view.shape, weights.dtype(view.source)) for mark, view in marks.items()}

    def read(stored: str) -> Tensor:
        view = marks.get(stored)
        return weights.read(stored) if view is None else view.change(weights[view.source])

    return Weights(
        {**weights.entries, **entries},
        read,
        {**kept, **{name: f"{name}\0" for name in views}},
        weights.metadata,
        weights.path,
    )


def transposed(weights: Weights, name: str) -> View:
    """A matrix, its sides swapped."""
    rows, columns = weights.shape(name)
    return View(name, (columns, rows), lambda tensor: tensor.T)


def part(weights: Weights, name: str, number: int, count: int) -> View:
    """The `number`-th of `count` equal parts of a tensor's first side."""
    first, *rest = weights.shape(name)
    size = first // count
    return View(name, (size, *rest), lambda tensor: tensor.narrow(0, number * size, size))


def reshaped(weights: Weights, name: str, shape: tuple[int, ...]) -> View:
    """A tensor with its numbers in another shape."""
    return View(name, shape, lambda tensor: tensor.reshape(shape))


def joined(tables: Mapping[str, Weights]) -> Weights:
    """Several tables as one, each under its prefix; metadata and path are the first one's."""
    first = next(iter(tables.values()))
    places = {
        f"{prefix}\0{stored}": (table, stored) for prefix, table in tables.items() for stored in table.stored.values()
    }

    def read(mark: str) -> Tensor:
        table, stored = places[mark]
        return table.read(stored)

    return Weights(
        {mark: table.entries[stored] for mark, (table, stored) in places.items()},
        read,
        {
            prefix + name: f"{prefix}\0{stored}"
            for prefix, table in tables.items()
            for name, stored in table.stored.items()
        },
        first.metadata,
        first.path,
    )
