"""What nodes took on this machine: time and memory by class and rough size of the work, kept over restarts.

The rough size of a node's work is read off the graph before anything runs: the sizes among its literals (width, steps,
batch size …) times the largest work that it depends on, to the nearest power of two; together with the model files that
it depends on. What was never seen at that size is guessed from other sizes of the same class.
"""

from __future__ import annotations

import math
import statistics
import zlib
from collections import OrderedDict, deque
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from comfy_core.folders import INPUTS
from execution.graph import Graph, GraphNode
from execution.kept import Kept

SIZES = frozenset({"width", "height", "length", "frames", "batch_size", "steps", "amount", "megapixels", "scale_by"})
SAMPLES = 9
MOST_KEYS = 5000


class Figure(NamedTuple):
    """Wall time, and the bytes taken at the peak, of this machine's memory and of the device's."""

    seconds: float
    peak_bytes: int
    device_peak_bytes: int


class Work(NamedTuple):
    """What a node has to do: of which class, the logarithm of its rough size, and a short hash of its model files."""

    class_type: str
    size: int
    models: int


Rows = list[tuple[str, int, int, list[Figure]]]
"""Work and its figures, as they are kept."""


class Figures:
    """The last few figures of each kind of work; `path` is where they are kept, if anywhere, for all workers."""

    def __init__(self, path: Path | None = None) -> None:
        self._kept = Kept(path, Rows)
        self._known: OrderedDict[Work, deque[Figure]] = OrderedDict()
        self._by_class: dict[str, dict[Work, None]] = {}
        self._unsaved: deque[tuple[Work, Figure]] = deque(maxlen=MOST_KEYS)
        self._take_over(self._kept.load() or [])

    def note(self, work: Work, figure: Figure) -> None:
        self._note(work, figure)
        self._unsaved.append((work, figure))

    def _note(self, work: Work, figure: Figure) -> None:
        if work not in self._known:
            self._known[work] = deque(maxlen=SAMPLES)
            self._by_class.setdefault(work.class_type, {})[work] = None
        self._known[work].append(figure)
        self._known.move_to_end(work)
        while len(self._known) > MOST_KEYS:
            oldest, _ = self._known.popitem(last=False)
            del self._by_class[oldest.class_type][oldest]

    def expect(self, work: Work) -> Figure | None:
        """The medians of the same work, else of the class's work nearest in size; None for a class never seen."""
        known = self._by_class.get(work.class_type)
        if not known:
            return None
        nearest = min(known, key=lambda one: (abs(one.size - work.size), one.models != work.models))
        samples = list(self._known[nearest])
        return Figure(
            statistics.median(one.seconds for one in samples),
            int(statistics.median(one.peak_bytes for one in samples)),
            int(statistics.median(one.device_peak_bytes for one in samples)),
        )

    def save(self, now: bool = False) -> None:
        """Write what is known, unless it was written a moment ago."""
        self._kept.save(self._content, now, self._take_over)

    def _content(self) -> Rows:
        self._unsaved.clear()
        return [(*work, list(found)) for work, found in list(self._known.items())]

    def _take_over(self, rows: Rows) -> None:
        """Know what was written, and after it what is new here."""
        for class_type, size, models, found in rows:
            work = Work(class_type, size, models)
            if work in self._known:
                self._known[work].clear()
            for figure in found:
                self._note(work, figure)
        for work, figure in list(self._unsaved):
            self._note(work, figure)


def works(graph: Graph, order: Iterable[str]) -> dict[str, Work]:
    """The work of each of these nodes (sources first). Linear in nodes and links."""
    found: dict[str, Work] = {}
    sizes: dict[str, float] = {}
    models: dict[str, frozenset[str]] = {}
    for node_id in order:
        node = graph.nodes[node_id]
        sources = [one for one in node.sources if one in found]
        size = sizes[node_id] = _own_size(node) * max([sizes[one] for one in sources], default=1.0)
        files = models[node_id] = _own_models(node).union(*[models[one] for one in sources])
        rough = round(math.log2(min(size, 1e300)))
        found[node_id] = Work(node.schema.id, rough, zlib.crc32("\n".join(sorted(files)).encode()))
    return found


def _own_size(node: GraphNode) -> float:
    size = 1.0
    for name, value in node.literals.items():
        if name in SIZES and isinstance(value, int | float) and 0 < value < math.inf:
            size = min(size * value, 1e300)
    return size


def _own_models(node: GraphNode) -> frozenset[str]:
    return frozenset(
        [
            str(node.literals[one.name])
            for one in node.inputs
            if one.folder and one.folder not in INPUTS and one.name in node.literals
        ]
    )


def total(figures: Iterable[Figure | None]) -> Figure:
    """Of nodes one after the other, as far as known: the sum of their times, the highest of their peaks."""
    known = [one for one in figures if one is not None]
    if len(known) == 1:
        return known[0]
    return Figure(
        sum(one.seconds for one in known),
        max((one.peak_bytes for one in known), default=0),
        max((one.device_peak_bytes for one in known), default=0),
    )
