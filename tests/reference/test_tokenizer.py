"""Tokens are those of transformers, whatever is written."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
import transformers

from comfy_core.text.tokenizer import END, MERGES, START, clip_tokenizer, clip_tokens

TEXTS = [
    "a photo of a cat",
    "A PHOTO, of; a   cat!!",
    "it's they're we've don't I'd I'll",
    "1girl, 4k, 8K, 2024-11-20",
    "naïve café Übung İstanbul straße",
    "漢字 カタカナ 한국어 العربية עברית",
    "😀 👨‍👩‍👧 ✨✨",
    "“smart quotes” — dashes… ﬁne",
    "tab\tnew\nline  nbsp\u00a0x",
    "&amp; <b>html</b> &quot;",
    "a_b-c/d\\e.f",
    "x" * 200,
    "",
    "the <|endoftext|> mark",
]


@pytest.fixture(scope="module")
def theirs(tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder: Path = tmp_path_factory.mktemp("tokenizer")
    (folder / "vocab.json").write_text(json.dumps(clip_tokenizer().get_vocab()))
    (folder / "merges.txt").write_text("#version: 0.2\n" + gzip.decompress(MERGES.read_bytes()).decode())
    return transformers.CLIPTokenizer.from_pretrained(folder)


def test_the_vocabulary_is_clips():
    assert clip_tokenizer().get_vocab_size() == 49_408
    assert clip_tokenizer().token_to_id("<|startoftext|>") == START
    assert clip_tokenizer().token_to_id("<|endoftext|>") == END


@pytest.mark.parametrize("text", TEXTS)
def test_tokens_are_those_of_transformers(theirs: Any, text: str):
    assert clip_tokens(text) == theirs(text).input_ids[1:-1]
