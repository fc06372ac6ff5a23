"""The loop that every stage runs in: until its minutes are used, weights averaged, resumable from its state file."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor, nn

from tools.starter import muon
from tools.starter.clock import Clock

SAVE_EVERY = 180.0  # seconds


def run(
    model: nn.Module,
    losses: Callable[[float, torch.Generator], tuple[Tensor, float]],
    path: Path,
    minutes: float,
    rate: float,
    average_rate: float,
) -> None:
    """Train `model`; it ends with the average of its weights over about the last 1 / `average_rate` steps.

    `losses(part, generator)` gives the loss of one batch, `part` (0..1) into the budget, and a number to watch. `rate`
    is the highest learning rate, lowered along half a cosine. State is kept in `path` and taken up again from there.
    """
    average = torch.optim.swa_utils.AveragedModel(
        model, avg_fn=lambda mean, now, count: mean + (now - mean) * max(average_rate, 1 / (1 + int(count)))
    )
    optimizers = muon.optimizers(model, rate)
    step, spent, watched = 0, 0.0, 0.0
    if path.exists():
        state = torch.load(path, map_location=next(model.parameters()).device)
        model.load_state_dict(state["model"])
        average.load_state_dict(state["average"])
        for optimizer, old in zip(optimizers, state["optimizers"], strict=True):
            optimizer.load_state_dict(old)
        step, spent = state["step"], state["spent"]
    clock, saved, first = Clock(minutes, spent), time.monotonic(), step
    generator = torch.Generator().manual_seed(step)
    while clock.part < 1:
        for optimizer in optimizers:
            optimizer.param_groups[0]["lr"] = clock.rate(rate, rate / 100)
        loss, number = losses(clock.part, generator)
        model.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        for optimizer in optimizers:
            optimizer.step()
        average.update_parameters(model)
        step += 1
        watched += (number - watched) / min(step - first, 100)
        if step % 50 == 0:
            print(f"{path.stem} {clock.part:5.1%} step {step}: {watched:.4f}", flush=True)
        if time.monotonic() - saved > SAVE_EVERY or clock.part >= 1:
            saved = time.monotonic()
            state = {
                "model": model.state_dict(),
                "average": average.state_dict(),
                "optimizers": [optimizer.state_dict() for optimizer in optimizers],
                "step": step,
                "spent": clock.spent,
            }
            path.parent.mkdir(parents=True, exist_ok=True)
            torch.save(state, path.with_suffix(".new"))
            path.with_suffix(".new").replace(path)
    model.load_state_dict(average.module.state_dict())
