"""The byte-pair tokenizer of CLIP, over the `tokenizers` library and OpenAI's merge list (MIT), which is shipped here.

Radford et al. 2021, "Learning Transferable Visual Models From Natural Language Supervision",
https://arxiv.org/abs/2103.00020; the vocabulary is that of `bpe_simple_vocab_16e6.txt.gz`, cut to its 48,894 merges.
"""

from __future__ import annotations

import gzip
from functools import cache
from pathlib import Path

from tokenizers import AddedToken, Regex, Tokenizer, normalizers, pre_tokenizers
from tokenizers.models import BPE

START = 49406
END = 49407
MERGES = Path(__file__).with_name("clip_merges.txt.gz")
WORDS = r"'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+"


@cache
def clip_tokenizer() -> Tokenizer:
    """CLIP's tokenizer: 49,408 tokens, lower case, without start and end marks of its own."""
    merges = [
        (left, right)
        for left, right in (line.split(" ") for line in gzip.decompress(MERGES.read_bytes()).decode().splitlines())
    ]
    symbols = _byte_symbols()
    words = [*symbols, *(symbol + "</w>" for symbol in symbols), *(left + right for left, right in merges)]
    words += ["<|startoftext|>", "<|endoftext|>"]
    vocabulary = {word: number for number, word in enumerate(words)}
    model = BPE(vocabulary, merges, end_of_word_suffix="</w>", unk_token="<|endoftext|>")
    tokenizer = Tokenizer(model)
    tokenizer.normalizer = normalizers.Sequence(
        [normalizers.NFC(), normalizers.Replace(Regex(r"\s+"), " "), normalizers.Lowercase()]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(WORDS), "removed", invert=True),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.add_special_tokens([AddedToken(mark, special=True) for mark in ("<|startoftext|>", "<|endoftext|>")])
    return tokenizer


def clip_tokens(text: str) -> list[int]:
    """The token numbers of a piece of text, without start and end marks."""
    return clip_tokenizer().encode(text, add_special_tokens=False).ids


def _byte_symbols() -> list[str]:
    """The printable character that stands for each of the 256 bytes, in vocabulary order: printable bytes first."""
    printable = [*range(ord("!"), ord("~") + 1), *range(ord("¡"), ord("¬") + 1), *range(ord("®"), ord("ÿ") + 1)]
    unprintable = [byte for byte in range(256) if byte not in printable]
    return [chr(byte) for byte in printable] + [chr(256 + place) for place in range(len(unprintable))]
