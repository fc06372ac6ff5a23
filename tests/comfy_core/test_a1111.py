r"""Prompts of AUTOMATIC1111: the examples of its documentation, its layout of tokens, and when a prompt counts."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from comfy_core.checkpoint import Checkpoint
from comfy_core.folders import Folders
from comfy_core.memory import residency
from comfy_core.sampling.guidance import CFGGuider
from comfy_core.text.a1111 import encode_a1111
from comfy_core.text.a1111.composition import composed
from comfy_core.text.a1111.editing import prompts_by_step, stretches
from comfy_core.text.a1111.layout import laid_out
from comfy_core.text.a1111.weights import weighted_chunks
from comfy_core.text.clip import CLIP
from comfy_core.text.tokenizer import clip_tokens
from tests.tiny_sd1 import SMALL

COMMA = clip_tokens(",")[0]


@pytest.fixture
def clip(checkpoint: Checkpoint) -> CLIP:
    return checkpoint.clip  # type: ignore[return-value]


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("normal text", [("normal text", 1.0)]),
        ("an (important) word", [("an ", 1.0), ("important", 1.1), (" word", 1.0)]),
        ("(unbalanced", [("unbalanced", 1.1)]),
        (r"\(literal\]", [("(literal]", 1.0)]),
        ("(unnecessary)(parens)", [("unnecessaryparens", 1.1)]),
        (
            "a (((house:1.3)) [on] a (hill:0.5), sun, (((sky))).",
            [
                ("a ", 1.0),
                ("house", 1.573),
                (" ", 1.1),
                ("on", 1.0),
                (" a ", 1.1),
                ("hill", 0.55),
                (", sun, ", 1.1),
                ("sky", 1.4641),
                (".", 1.1),
            ],
        ),
        ("[less]", [("less", 1 / 1.1)]),
        ("[less", [("less", 1 / 1.1)]),
        ("(a (b:1.5):2)", [("a ", 2.0), ("b", 3.0)]),
        ("(a: 1.2 )", [("a", 1.2)]),
        ("(a:-.5)", [("a", -0.5)]),
        ("(a:0)", [("a", 0.0)]),
        ("a:1.2)", [("a:1.2)", 1.0)]),
        ("a) b]", [("a) b]", 1.0)]),
        ("(a:nan)", [("a:nan", 1.1)]),
        ("(a:1.2.3)", [("a:1.2.3)", 1.1)]),
        ("(a:1e9)", [("a:1e9", 1.1)]),
        ("[a:1.5]", [("a:1.5", 1 / 1.1)]),
        ("back\\slash", [("backslash", 1.0)]),
        (r"a \\ b", [("a \\ b", 1.0)]),
        ("", []),
        ("()", []),
    ],
)
def test_weights(text: str, parts: list[tuple[str, float]]):
    (chunk,) = weighted_chunks(text)
    assert chunk == [(part, pytest.approx(weight)) for part, weight in parts]


def test_break_splits_a_prompt_wherever_it_stands_and_only_as_a_word():
    assert weighted_chunks("a cat BREAK a dog") == [[("a cat", 1.0)], [("a dog", 1.0)]]
    assert weighted_chunks("(a BREAK b) c") == [[("a", 1.1)], [("b", 1.1), (" c", 1.0)]]
    assert weighted_chunks("a BREAK") == [[("a", 1.0)], []]
    assert weighted_chunks("BREAKFAST break") == [[("BREAKFAST break", 1.0)]]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("test", {"test": [(0, 10)]}),
        ("a [b:3]", {"a ": [(0, 3)], "a b": [(3, 10)]}),
        ("a [b: 3]", {"a ": [(0, 3)], "a b": [(3, 10)]}),
        ("a [[[b]]:2]", {"a ": [(0, 2)], "a [[b]]": [(2, 10)]}),
        ("[(a:2):3]", {"": [(0, 3)], "(a:2)": [(3, 10)]}),
        ("a [b : c : 1] d", {"a b  d": [(0, 1)], "a  c  d": [(1, 10)]}),
        ("a[b:[c:d:2]:1]e", {"abe": [(0, 1)], "ace": [(1, 2)], "ade": [(2, 10)]}),
        ("a [unbalanced", {"a [unbalanced": [(0, 10)]}),
        ("a [b:.5] c", {"a  c": [(0, 5)], "a b c": [(5, 10)]}),
        ("a [b::0.3] c", {"a b c": [(0, 3)], "a  c": [(3, 10)]}),
        ("((a][:b:c [d:3]", {"((a][:b:c ": [(0, 3)], "((a][:b:c d": [(3, 10)]}),
        ("[fe|]male", {"female": [(n, n + 1) for n in (0, 2, 4, 6, 8)], "male": [(n, n + 1) for n in (1, 3, 5, 7, 9)]}),
        ("[fe|||]male", {"female": [(0, 1), (4, 5), (8, 9)], "male": [(1, 4), (5, 8), (9, 10)]}),
        ("[a:b:20]", {"a": [(0, 10)]}),
        ("[a:b:0]", {"b": [(0, 10)]}),
        ("[less]", {"[less]": [(0, 10)]}),
        ("[a:b]", {"[a:b]": [(0, 10)]}),
        ("(a|b)", {"(a|b)": [(0, 10)]}),
        (r"\[a|b\]", {r"\[a|b\]": [(0, 10)]}),
        ("[a (b:1.2):c:0.5]", {"a (b:1.2)": [(0, 5)], "c": [(5, 10)]}),
        ("", {"": [(0, 10)]}),
    ],
)
def test_a_prompt_that_changes_while_sampling(text: str, said: dict[str, list[tuple[int, int]]]):
    assert stretches(prompts_by_step(text, 10)) == said


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a [b:.5] c", {"a b c": [(0, 10)]}),
        ("a [b:1.5] c", {"a  c": [(0, 5)], "a b c": [(5, 10)]}),
        ("a [b:20] c", {"a  c": [(0, 4)], "a b c": [(4, 10)]}),
        ("[a:b:3]", {"b": [(0, 10)]}),
        ("[a:b:40]", {"a": [(0, 10)]}),
    ],
)
def test_changes_count_on_through_a_second_pass(text: str, said: dict[str, list[tuple[int, int]]]):
    """The first two are examples of the web UI's own, the others follow from its rule."""
    assert stretches(prompts_by_step(text, 10, before=16)) == said


@pytest.mark.parametrize(
    "bomb",
    [
        "(" * 20_000,
        "(a" * 20_000,
        "(" * 20_000 + ")" * 20_000,
        "[a:" * 5_000 + ":1]" * 5_000,
        "[a|" * 5_000,
        "word, " * 10_000,
    ],
    ids=["open", "open words", "nested", "edits", "choices", "long"],
)
def test_a_prompt_of_brackets_or_of_ten_thousand_words_takes_no_time(bomb: str):
    start = time.process_time()
    for text in set(prompts_by_step(bomb, 20)):
        weighted_chunks(text)
    assert time.process_time() - start < 2


def chunks(*parts: list[tuple[str, float]]) -> list[list[int]]:
    laid = laid_out(parts, 75, clip_tokens, COMMA)
    return [[token for token, _ in chunk] for chunk in laid]


def words(count: int) -> str:
    return " ".join(["cat"] * count)


CAT, DOG = clip_tokens("cat")[0], clip_tokens("dog")[0]


def test_a_full_chunk_goes_on_in_the_next():
    assert chunks([(words(75), 1.0)]) == [[CAT] * 75]
    assert chunks([(words(80), 1.0)]) == [[CAT] * 75, [CAT] * 5]
    assert chunks([]) == [[]]


def test_a_full_chunk_ends_at_its_last_comma_if_that_is_at_most_twenty_tokens_back():
    near, far = f"{words(60)}, {words(40)}", f"{words(50)}, {words(40)}"
    assert chunks([(near, 1.0)]) == [[CAT] * 60 + [COMMA], [CAT] * 40]
    assert chunks([(far, 1.0)]) == [[CAT] * 50 + [COMMA] + [CAT] * 24, [CAT] * 16]


def test_a_comma_that_does_not_fit_begins_the_next_chunk():
    assert chunks([(f"{words(75)}, dog", 1.0)]) == [[CAT] * 75, [COMMA, DOG]]


def test_break_ends_a_chunk_early_and_an_empty_one_stays():
    assert chunks([("dog", 1.0)], [("cat", 1.0)]) == [[DOG], [CAT]]
    assert chunks([], [("cat", 1.0)]) == [[], [CAT]]
    assert chunks([("dog", 1.0)], []) == [[DOG]]


def test_an_embedding_is_known_by_its_name_and_not_cut_in_two(clip: CLIP, own_folders: Folders):
    folder = own_folders.base / "models" / "embeddings"
    folder.mkdir(parents=True)
    vectors = vectors_of(clip, "red dog")
    save_file({"<x>": vectors}, folder / "my-style.safetensors")
    for prompt in ("a my-style cat", "a embedding:my-style cat", "a (my-style:1.0) cat"):
        torch.testing.assert_close(encode_a1111(clip, prompt)[0][0], encode_a1111(clip, "a red dog cat")[0][0])
    ((long, _),) = encode_a1111(clip, words(74) + " my-style")
    torch.testing.assert_close(long[:, 77:], encode_a1111(clip, "red dog")[0][0])
    unfit(folder)
    torch.testing.assert_close(encode_a1111(clip, "a my-style")[0][0], clip.encode("a my - style"))


def unfit(folder: Path) -> None:
    save_file({"<x>": torch.zeros(2, 768)}, folder / "my-style.safetensors")


def vectors_of(clip: CLIP, text: str) -> torch.Tensor:
    with residency.use([clip.patcher]):
        return clip.cond_stage_model.clip_l.embed(torch.tensor(clip_tokens(text))).clone()


def test_an_edited_prompt_counts_in_its_steps_alone(checkpoint: Checkpoint):
    clip: CLIP = checkpoint.clip  # type: ignore[assignment]
    prompt = encode_a1111(clip, "a [cat|dog] [in a hat:0.5]", steps=8)
    assert [extra["step_ranges"] for _, extra in prompt] == [
        [(0.0, 0.125), (0.25, 0.375)],
        [(0.125, 0.25), (0.375, 0.5)],
        [(0.5, 0.625), (0.75, 0.875)],
        [(0.625, 0.75), (0.875, 1.0)],
    ]
    guider = CFGGuider(checkpoint.model)
    guider.set_conds(prompt, [])
    sigmas = torch.tensor([14.6, 7.0, 4.0, 2.5, 1.5, 0.9, 0.5, 0.1, 0.0])
    guider.prepare(torch.zeros(1, 4, 8, 8), sigmas=sigmas)

    def counts(sigma: float) -> list[int]:
        return [place for place, one in enumerate(guider.conds["positive"]) if one.active(sigma)]

    assert [counts(float(sigma)) for sigma in sigmas[:-1]] == [[0], [1], [0], [1], [2], [3], [2], [3]]
    assert counts(1000.0) == [0]
    assert counts(0.0) == [3]
    guider.prepare(torch.zeros(1, 4, 8, 8), sigmas=sigmas.flip(0))
    assert counts(1.0) == [0, 1, 2, 3]


def test_a_prompt_that_does_not_change_is_one_entry_that_always_counts(clip: CLIP):
    ((cond, extra),) = encode_a1111(clip, "a cat")
    torch.testing.assert_close(cond, clip.encode("a cat"))
    assert extra.keys() == {"pooled_output"}
    assert cond.shape == (1, 77, SMALL.clip.width)


def test_infinite_weights_are_refused(clip: CLIP):
    with pytest.raises(ValueError, match="infinite; write a smaller one"):
        encode_a1111(clip, "(" * 20 + "cat" + ":99999)" * 20)


# --- AND ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("a cat AND a dog", [("a cat", 1.0), ("a dog", 1.0)]),
        ("a cat :1.2 AND a dog:0.5", [("a cat", 1.2), (" a dog", 0.5)]),
        ("a cat AND a dog : -0.3", [("a cat", 1.0), (" a dog", -0.3)]),
        ("(a cat:1.3) AND [a:b:0.5]", [("(a cat:1.3)", 1.0), (" [a:b:0.5]", 1.0)]),
        ("SAND and sea: 2", [("SAND and sea: 2", 1.0)]),
        ("a:1 AND", [("a", 1.0), ("", 1.0)]),
    ],
)
def test_and_joins_prompts_with_weights(text: str, parts: list[tuple[str, float]]):
    assert [(one.strip(), weight) for one, weight in composed(text)] == [(one.strip(), weight) for one, weight in parts]


def test_weights_that_add_up_to_nothing_are_refused():
    with pytest.raises(ValueError, match="add up to 0"):
        composed("a cat AND a dog :-1")


@pytest.mark.parametrize(
    ("weights", "scale"), [((1.0, 1.0), 3.0), ((1.2, 0.5), 3.0), ((1.0, -0.3), 5.0), ((2.0, 1.0), 1.0)]
)
def test_joined_prompts_are_guided_to_each_by_its_weight(checkpoint: Checkpoint, weights, scale: float):
    """Equation 11 of the paper: uncond + scale * sum of weight (cond - uncond)."""
    x, sigma = torch.randn(1, 4, 8, 8, generator=torch.Generator().manual_seed(1)), torch.tensor([5.0])

    def guess(text: str, cfg: float) -> torch.Tensor:
        guider = CFGGuider(checkpoint.model)
        guider.set_conds(encode_a1111(checkpoint.clip, text), encode_a1111(checkpoint.clip, "blurry"))
        guider.set_cfg(cfg)
        with residency.use([checkpoint.model]), torch.no_grad():
            guider.prepare(x)
            return guider(x, sigma)

    cat, dog, uncond = guess("a cat", 1.0), guess("a dog", 1.0), guess("blurry", 1.0)
    expected = uncond + scale * (weights[0] * (cat - uncond) + weights[1] * (dog - uncond))
    ours = guess(f"a cat :{weights[0]} AND a dog :{weights[1]}", scale)
    torch.testing.assert_close(ours, expected, rtol=1e-3, atol=1e-3)
