"""What a checkpoint's network predicts, where names and shapes do not tell: asked of the file, then of its YAML, then
guessed. A ModelSamplingDiscrete node has the last word.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from comfy_core.families._ldm import file_name
from comfy_core.sampling.noise_levels import DiscreteSchedule
from comfy_core.sampling.prediction import Epsilon, Velocity, model_sampling
from comfy_core.weights import Weights, WeightsError

WORDS = {
    "eps": Epsilon,
    "epsilon": Epsilon,
    "v": Velocity,
    "v_prediction": Velocity,
}
KINDS: dict[type[Epsilon], str] = {Epsilon: "noise", Velocity: "velocity"}
SAID_BY = (
    ("easel.prediction_type", "says the file's metadata"),
    ("modelspec.prediction_type", "says the file's metadata"),
    ("yaml.parameterization", "says its YAML"),
    ("scheduler.prediction_type", "says its scheduler"),
)


@dataclass(frozen=True)
class Choice:
    """What the network predicts, whether its schedule ends in pure noise, and who says so."""

    prediction: type[Epsilon]
    reason: str
    zero_snr: bool = False

    def sampling(self) -> Any:
        return model_sampling(self.prediction, DiscreteSchedule, zsnr=self.zero_snr)

    @property
    def sentence(self) -> str:
        levels = ", from pure noise (zero terminal SNR)" if self.zero_snr else ""
        return f"predicts {KINDS[self.prediction]}{levels}: {self.reason}"


def prediction_of(weights: Weights, guess: Callable[[Weights], Choice]) -> Choice:
    """The choice for a checkpoint; `guess` is asked when nothing says. Raises WeightsError for an unknown word."""
    zero_snr = marked(weights, "ztsnr") or weights.metadata.get("scheduler.zero_snr") == "true"
    for key, reason in SAID_BY:
        word = weights.metadata.get(key)
        if word is not None and word not in WORDS:
            raise WeightsError(
                f"{file_name(weights)}: the prediction type {word!r} is not one of: {', '.join(WORDS)} ({reason})."
            )
        if word is not None:
            return Choice(WORDS[word], reason, zero_snr)
    if marked(weights, "v_pred"):
        return Choice(Velocity, "says a marker in the file", zero_snr)
    found = guess(weights)
    return Choice(found.prediction, found.reason, zero_snr)


def marked(weights: Weights, name: str) -> bool:
    """Whether a checkpoint, or a file of its U-Net alone, has a tensor of this name that only marks it."""
    return name in weights or f"model.diffusion_model.{name}" in weights


def usual(prediction: type[Epsilon] = Epsilon) -> Callable[[Weights], Choice]:
    """The guess of a family whose models predict the same, all but a few that say so."""
    return lambda weights: Choice(prediction, "as usual")
