"""Prompts as AUTOMATIC1111's web UI reads them, so that a prompt from there gives the picture it gave there.

`a AND b :1.2` is several prompts (`composition`); `[from:to:when]` and `[a|b]` change one while sampling (`editing`);
`(word:1.2)`, `[less]` and BREAK weigh and split it (`weights`); its tokens lie in chunks that break at commas
(`layout`); weights scale the encoded words, and the mean of each chunk is restored (`encode`).
"""

from comfy_core.text.a1111.encode import encode_a1111

__all__ = ["encode_a1111"]
