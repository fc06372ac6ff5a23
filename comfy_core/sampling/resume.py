"""A sampling that a crash broke off goes on where it was, and ends in the same latent to the bit.

Given the model's answers a sampler is deterministic, so the answers are all that is kept. A run that finds a journal
starts anew and is given the answers in it, whereby multistep memory, noise and step sizes come about by themselves;
when the journal ends, or the sampler asks something else, the model answers again. Guidance, masks and hooks run as
ever. A patch of a pack that remembers earlier steps inside the model begins to remember only there.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import wraps
from typing import Any

import torch
from safetensors.torch import load, save
from torch import Tensor

from comfy_core import progress
from comfy_core.journal import Journal, next_journal
from comfy_core.scoped import Scoped

log = logging.getLogger(__name__)
Predict = Callable[..., list[Tensor]]
RANDOM = "random"
INSIDE = "recalled_inside"
DIGEST_SIZE = 20
LARGE = 4 << 20  # bytes


@contextmanager
def resumable() -> Iterator[None]:
    """Around one run of a sampler: keep the model's answers where `comfy_core.journal` says so, and give back those
    that are there. What is recalled is not reported as progress: that begins with the first new step."""
    journal = next_journal()
    if journal is None:
        yield
        return
    run = _Run(journal)
    with Scoped(_run, run), progress.hushed(lambda: run.recalling):
        yield


def recalled(predict: Predict) -> Predict:
    """For the one function through which everything asks the model: `predict(model, sides, x, timestep, options)`."""

    @wraps(predict)
    def answer(model: Any, sides: Any, x: Tensor, timestep: Tensor, options: dict[str, Any]) -> list[Tensor]:
        def ask() -> list[Tensor]:
            return predict(model, sides, x, timestep, options)

        return ask() if options.get("transformer_options", {}).get(INSIDE) else recall([x, timestep], ask)

    return answer


def recall(question: list[Tensor], ask: Callable[[], list[Tensor]]) -> list[Tensor]:
    """What the run under way knows from its journal, or else `ask()`. A part of a model that remembers earlier steps
    asks through this itself, and has INSIDE among the model's `transformer_options`: so it remembers them again."""
    run = _run.get()
    if run is None:
        return ask()
    with Scoped(_run, None):  # what the model asks in order to answer belongs to the answer
        return run.answer(question, ask)


class _Run:
    """One run of a sampler. `recalling` until the journal has no answer."""

    def __init__(self, journal: Journal) -> None:
        self.recalling = True
        self._journal = journal
        self.answer([], list)  # nothing is asked: keeps and brings back the state of torch's random numbers

    def answer(self, question: list[Tensor], ask: Callable[[], list[Tensor]]) -> list[Tensor]:
        """What the journal has to say to a question, or else `ask()`, which is kept."""
        if self.recalling:
            known = self._recall(question)
            if known is not None:
                return known
        answer = ask()
        kept_question, kept = _copies(question), _copies(answer)
        named = {str(place): tensor for place, tensor in enumerate(kept)} | {RANDOM: torch.get_rng_state()}
        self._journal.append(lambda: _digest(kept_question) + save(named))
        return answer

    def _recall(self, question: list[Tensor]) -> list[Tensor] | None:
        record = self._journal.recall()
        if record is not None and record[:DIGEST_SIZE] == _digest(question):
            named = load(record[DIGEST_SIZE:])
            torch.set_rng_state(named.pop(RANDOM))
            return [named[str(place)].to(question[0].device) for place in range(len(named))]
        if record is not None:
            log.warning("the sampling goes another way than before the crash; from here on it is done anew")
            self._journal.reject()
        self.recalling = False
        return None


_run: ContextVar[_Run | None] = ContextVar("sampling_run", default=None)


def _copies(tensors: list[Tensor]) -> list[Tensor]:
    """Hooks may change the originals before they are written. Small ones are not waited for on an accelerator; large
    ones would fill its memory, and their steps are long."""
    return [
        tensor.detach().to("cpu" if tensor.nbytes > LARGE else tensor.device, copy=True).contiguous()
        for tensor in tensors
    ]


def _digest(question: list[Tensor]) -> bytes:
    digest = hashlib.blake2b(torch.__version__.encode(), digest_size=DIGEST_SIZE)
    for tensor in question:
        digest.update(f"{tensor.dtype}{tuple(tensor.shape)}{tensor.device.type}".encode())
        digest.update(tensor.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy().data)
    return digest.digest()
