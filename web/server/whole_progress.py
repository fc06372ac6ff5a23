"""Progress of a run for clients that know it only as the state of all its nodes at once, as ComfyUI sends it.

Said after every change, that would be quadratic in the nodes. Here it costs in proportion to what happens: a message
that names n nodes must be earned, by changes or by the time that has passed.
"""

from __future__ import annotations

import time

from execution.events import ProgressState

FREE = 500
EARNED_PER_CHANGE = 0.25
EARNED_PER_SECOND = 500.0


class WholeProgress:
    """All that is known of the nodes of one run, and whether it is time to say it.

    The nodes named in all messages of a run of n nodes are at most `FREE + changes / 4 + 500 per second`, and n more
    in the last one.
    """

    def __init__(self, prompt_id: str) -> None:
        self.known = ProgressState(prompt_id=prompt_id, nodes={})
        self._told = True
        self._earned: float = FREE
        self._since = time.monotonic()

    def note(self, changes: ProgressState) -> None:
        """Take in what has changed."""
        self.known.nodes.update(changes.nodes)
        self._told = False
        now = time.monotonic()
        self._earned += EARNED_PER_CHANGE * len(changes.nodes) + EARNED_PER_SECOND * (now - self._since)
        self._since = now

    def due(self) -> ProgressState | None:
        """The state of all nodes, if saying it has been earned."""
        if self._earned < len(self.known.nodes):
            return None
        self._earned -= len(self.known.nodes)
        self._told = True
        return self.known

    def last(self) -> ProgressState | None:
        """The state of all nodes at the end of the run, unless that has been said."""
        if self._told:
            return None
        self._told = True
        return self.known

    def copy(self) -> WholeProgress:
        """The same knowledge for another listener, who has heard nothing yet."""
        other = WholeProgress(self.known.prompt_id)
        other.known.nodes.update(self.known.nodes)
        return other
