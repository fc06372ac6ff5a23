"""A sampling that is broken off anywhere ends, resumed, in the same latent to the bit, and asks the model less."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from comfy_core import progress
from comfy_core.checkpoint import Checkpoint
from comfy_core.families import load_checkpoint
from comfy_core.journal import Keeper, keeping
from comfy_core.memory import residency
from comfy_core.sampling import samplers
from comfy_core.sampling.guidance import Conditioning
from comfy_core.sampling.sample import common_ksampler
from comfy_core.sampling.samplers import SAMPLERS, Sampler
from comfy_core.step_cache import with_step_cache

STEPS = 6


class Broken(Exception):
    """The process ends here."""


class Run:
    """Samples with the best guess for data N(told, 1), where the prompt tells a little, and breaks at a question."""

    def __init__(self, checkpoint: Checkpoint, prompts: list[Conditioning], folder: Path) -> None:
        self.calls = 0
        self.break_at = 0
        self.folder = folder
        self.model = checkpoint.model.clone()
        self.model.set_model_unet_function_wrapper(self.ask)
        self.positive, self.negative = prompts

    def ask(self, apply_model: Callable[..., Tensor], args: dict[str, Any]) -> Tensor:
        self.calls += 1
        if self.calls == self.break_at:
            raise Broken
        told = 0.1 * args["c"]["c_crossattn"].mean((1, 2))
        return told.view(-1, 1, 1, 1) + args["input"] / (1 + args["timestep"].view(-1, 1, 1, 1) ** 2)

    def __call__(
        self, name: str = "euler", latent: dict[str, Any] | None = None, seed: int = 1, break_at: int = 0, **keeper: Any
    ) -> Tensor:
        self.calls, self.break_at = 0, break_at
        latent = latent or {"samples": torch.zeros(1, 4, 8, 8)}
        kept = Keeper(self.folder, **({"records": 1} | keeper))
        with keeping(kept, "node"):
            return common_ksampler(self.model, seed, STEPS, 3.0, name, "normal", self.positive, self.negative, latent)[
                "samples"
            ]

    def in_one_go(self, name: str = "euler", **options: Any) -> tuple[Tensor, int]:
        """The latent of a run that writes no journal, and how often it asked the model."""
        return self(name, seconds=1e9, records=0, **options), self.calls

    def broken_off(self, break_at: int, name: str = "euler", **options: Any) -> None:
        with pytest.raises(Broken):
            self(name, break_at=break_at, **options)


@pytest.fixture(scope="module")
def checkpoint(checkpoint_file: Path) -> Iterator[Checkpoint]:
    yield load_checkpoint(checkpoint_file)
    residency.free_all()


@pytest.fixture(scope="module")
def prompts(checkpoint: Checkpoint) -> list[Conditioning]:
    clip = checkpoint.clip
    return [clip.encode_from_tokens_scheduled(clip.tokenize(text)) for text in ("a cat", "")]


@pytest.fixture
def run(checkpoint: Checkpoint, prompts: list[Conditioning], tmp_path: Path) -> Run:
    return Run(checkpoint, prompts, tmp_path / "kept")


@pytest.mark.parametrize("name", SAMPLERS)
def test_a_resumed_run_is_the_uninterrupted_one_and_asks_only_for_the_rest(run: Run, name: str):
    whole, calls = run.in_one_go(name)
    broken_at = random.Random(name).randint(2, calls)
    run.broken_off(broken_at, name)
    assert torch.equal(run(name), whole)
    assert run.calls == calls - broken_at + 1


@pytest.mark.parametrize("name", ["euler", "ddim", "dpmpp_2m_cfg_pp"])
def test_an_inpainted_latent_resumes_too(run: Run, name: str):
    mask = torch.zeros(1, 64, 64)
    mask[:, :, 32:] = 1
    latent = {"samples": torch.randn(1, 4, 8, 8), "noise_mask": mask}
    whole, _ = run.in_one_go(name, latent=latent)
    run.broken_off(4, name, latent=latent)
    assert torch.equal(run(name, latent=latent), whole)


def test_noise_that_nobody_seeded_is_drawn_on(run: Run, monkeypatch: pytest.MonkeyPatch):
    """A pack's sampler that draws from torch's own stream, and a model that does."""

    def walk(model: Any, x: Tensor, sigmas: Tensor, extra_args: Any = None, **_: Any) -> Tensor:
        for sigma, sigma_next in pairwise(sigmas):
            denoised = model(x, sigma * x.new_ones(len(x)), **extra_args)
            x = denoised + sigma_next * torch.randn_like(x)
        return x

    def noisy(apply_model: Callable[..., Tensor], args: dict[str, Any]) -> Tensor:
        return run.ask(apply_model, args) + 0.1 * torch.randn(1)

    run.model.set_model_unet_function_wrapper(noisy)
    monkeypatch.setitem(samplers.SAMPLERS, "pack", Sampler(walk))
    torch.manual_seed(5)
    whole, _ = run.in_one_go("pack")
    torch.manual_seed(5)
    run.broken_off(4, "pack")
    torch.manual_seed(99)
    assert torch.equal(run("pack"), whole)


def test_what_hooks_make_of_the_answers_is_made_again(run: Run):
    """A hook that changes the answers in place and one with a memory of its own, as packs have them."""

    def hooked() -> None:
        seen: list[Tensor] = []

        def before(args: dict[str, Any]) -> list[Tensor]:
            args["conds_out"][0].mul_(0.9)
            return args["conds_out"]

        def after(args: dict[str, Any]) -> Tensor:
            seen.append(args["denoised"])
            return args["denoised"] + 0.1 * seen[0]

        run.model.model_options |= {"sampler_pre_cfg_function": [before], "sampler_post_cfg_function": [after]}

    hooked()
    whole, _ = run.in_one_go()
    hooked()
    run.broken_off(4)
    hooked()
    assert torch.equal(run(), whole)


class Ends:
    """Listens, and ends the process at a step."""

    def __init__(self, at: int) -> None:
        self.at = at

    def report(self, value: float, total: float, preview: Any) -> None:
        if value == self.at:
            raise Broken

    def interrupted(self) -> bool:
        return False


@pytest.mark.parametrize("whole", [False, True])
def test_a_cache_of_steps_remembers_again_what_it_knew(run: Run, checkpoint: Checkpoint, whole: bool):
    def cached() -> Run:
        run.model = checkpoint.model.clone()
        with_step_cache(run.model, 0.9, 1e9, 0.0, False, whole)
        return run

    expected, _ = cached().in_one_go("dpmpp_2m")
    with progress.listen(Ends(at=4)), pytest.raises(Broken):
        cached()("dpmpp_2m")
    assert torch.equal(cached()("dpmpp_2m"), expected)
    run.model = checkpoint.model
    assert not torch.equal(run.in_one_go("dpmpp_2m")[0], expected), "it left out no step"


DAMAGES = {
    "cut off": lambda data: data[:-7],
    "changed": lambda data: data[:-3000] + b"?" + data[-2999:],
    "zeros": lambda data: data[:-3000] + bytes(3000),
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_a_record_that_was_torn_is_not_believed(run: Run, damage: Callable[[bytes], bytes]):
    whole, _ = run.in_one_go()
    run.broken_off(5)
    (journal,) = run.folder.iterdir()
    journal.write_bytes(damage(journal.read_bytes()))
    assert torch.equal(run(), whole)
    assert run.calls == STEPS - 3
    assert torch.equal(run(), whole)
    assert run.calls == 0, "the journal is whole again"


def test_the_journal_of_another_run_is_not_believed(run: Run):
    run.broken_off(4, seed=1)
    whole, _ = run.in_one_go(seed=2)
    sampled = run(seed=2)
    assert torch.equal(sampled, whole)
    assert run.calls == STEPS


def test_only_new_steps_are_reported(run: Run):
    class Listener:
        heard: list[float] = []

        def report(self, value: float, total: float, preview: Any) -> None:
            self.heard.append(value)

        def interrupted(self) -> bool:
            return False

    run.broken_off(4)
    with progress.listen(Listener()):
        run()
    assert Listener.heard == [4, 5, 6]


def test_a_resumed_run_can_be_interrupted_at_once(run: Run):
    class Impatient:
        def interrupted(self) -> bool:
            return True

    run.broken_off(6)
    with progress.listen(Impatient()), pytest.raises(progress.Interrupted):
        run()
    assert run.calls == 0


def test_a_short_run_writes_nothing(run: Run):
    run.in_one_go()
    assert not run.folder.exists()
    run(seconds=10, records=0)
    assert not run.folder.exists()


def test_beyond_its_budget_a_journal_grows_no_more(run: Run, caplog: pytest.LogCaptureFixture):
    whole, _ = run.in_one_go()
    run.broken_off(6, budget=20_000)
    assert sum(path.stat().st_size for path in run.folder.iterdir()) <= 20_000
    assert caplog.text.count("size limit") == 1
    assert torch.equal(run(budget=20_000), whole)
    assert 1 < run.calls < STEPS


def test_where_nothing_can_be_written_the_run_goes_on(run: Run, caplog: pytest.LogCaptureFixture):
    whole, _ = run.in_one_go()
    run.folder.touch()
    assert torch.equal(run(), whole)
    assert caplog.text.count("progress cannot be kept") == 1


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="the system has no disk that is always full")
def test_where_the_disk_is_full_all_is_let_go_and_the_run_goes_on(run: Run, caplog: pytest.LogCaptureFixture):
    whole, _ = run.in_one_go()
    run.folder.mkdir()
    (run.folder / "node-1.journal").symlink_to("/dev/full")
    (run.folder / "node-2.journal").write_bytes(b"of another node")
    assert torch.equal(run(), whole)
    assert "No space left on device" in caplog.text
    assert not run.folder.exists()
