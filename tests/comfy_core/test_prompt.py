r"""The grammar of prompts, and how tokens are laid out in chunks."""

from __future__ import annotations

import time

import pytest
import torch

from comfy_core.text.prompt import Chunk, WeightedToken, chunks, weighted_parts, words
from comfy_core.text.tokenizer import END, START, clip_tokens

CHUNK = Chunk()


def laid_out(text: str) -> list[list[WeightedToken]]:
    rows = chunks(words(text, clip_tokens, lambda name: (None, "")), CHUNK)
    return [[(token, weight) for token, weight, _ in row] for row in rows]


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("a cat", [("a cat", 1.0)]),
        ("a (red) cat", [("a ", 1.0), ("red", 1.1), (" cat", 1.0)]),
        ("a (red:1.3) cat", [("a ", 1.0), ("red", 1.3), (" cat", 1.0)]),
        ("((red))", [("red", 1.1 * 1.1)]),
        ("(a (red:1.5) cat:0.8)", [("a ", 0.8), ("red", 1.5), (" cat", 0.8)]),
        ("((red):1.2)", [("red", 1.2 * 1.1)]),
        ("(red:-0.5)", [("red", -0.5)]),
        ("(red: 1.2 )", [("red", 1.2)]),
        ("(ratio 1:2:1.5)", [("ratio 1:2", 1.5)]),
        (r"a \(real\) (cat)", [("a (real) ", 1.0), ("cat", 1.1)]),
        (r"(\(:1.4)", [("(", 1.4)]),
        ("(red:nan)", [("red:nan", 1.1)]),
        ("(red:inf)", [("red:inf", 1.1)]),
        ("(:1.2)", [(":1.2", 1.1)]),
        ("(red:)", [("red:", 1.1)]),
        ("()", []),
        ("", []),
        ("a (red cat", [("a (red cat", 1.0)]),
        ("a (red (cat:1.5)", [("a (red (cat:1.5)", 1.0)]),
        ("a) (cat:1.5)", [("a) (cat:1.5)", 1.0)]),
    ],
)
def test_weights(text: str, parts: list[tuple[str, float]]):
    assert [(part, pytest.approx(weight)) for part, weight in parts] == weighted_parts(text)


@pytest.mark.parametrize("bomb", ["(" * 20_000, "(" * 20_000 + "x" + ")" * 20_000, "()" * 20_000, ":(" * 20_000])
def test_a_prompt_of_brackets_alone_takes_no_time(bomb: str):
    start = time.process_time()
    weighted_parts(bomb)
    assert time.process_time() - start < 2


def test_a_short_prompt_is_one_chunk_of_77():
    (chunk,) = laid_out("a photo of a cat")
    tokens = [token for token, _ in chunk]
    assert tokens == [START, 320, 1125, 539, 320, 2368] + [END] * 71
    assert {weight for _, weight in chunk} == {1.0}


def test_no_prompt_is_one_empty_chunk():
    (chunk,) = laid_out("")
    assert [token for token, _ in chunk] == [START] + [END] * 76


def test_75_tokens_fit_one_chunk_and_the_76th_begins_a_second():
    assert len(laid_out(" ".join(["cat"] * 75))) == 1
    first, second = laid_out(" ".join(["cat"] * 76))
    assert len(first) == len(second) == 77
    assert [token for token, _ in second] == [START, 2368] + [END] * 75


def test_a_weighted_word_is_not_cut_in_two():
    """Three tokens of one weight at places 74 to 76 move to the next chunk as a whole."""
    word = clip_tokens("supercalifragilistic")
    assert 2 < len(word) < 8
    first, second = laid_out(" ".join(["cat"] * 74) + " (supercalifragilistic:1.5)")
    assert [token for token, _ in first[75:]] == [END, END]
    assert second[1 : 1 + len(word)] == [(token, 1.5) for token in word]


def test_a_long_stretch_goes_on_in_the_next_chunk_where_it_was_cut():
    tokens = clip_tokens(" ".join(f"word{n}" for n in range(60)))
    found = [token for chunk in laid_out(" ".join(f"word{n}" for n in range(60))) for token, _ in chunk[1:76]]
    assert found[: len(tokens)] == tokens


def test_an_embedding_takes_the_place_of_its_name():
    vectors = torch.randn(3, 8)
    asked = []

    def embedding(name: str):
        asked.append(name)
        return (vectors, ",") if name == "style," else (None, "")

    groups = list(words("a cat embedding:style, (red embedding:gone:1.3)", clip_tokens, embedding))
    assert asked == ["style,", "gone"]
    assert groups[0] == [(320, 1.0), (2368, 1.0)]
    assert all(torch.equal(token, vector) for (token, _), vector in zip(groups[1], vectors, strict=True))
    assert groups[2] == [(clip_tokens(",")[0], 1.0)]
    assert groups[3] == [(clip_tokens("red")[0], 1.3)]
