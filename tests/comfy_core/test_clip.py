"""The text encoder as nodes call it: weights, chunks, layers, embeddings, clones."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor

from comfy_core import progress
from comfy_core.checkpoint import Checkpoint
from comfy_core.folders import Folders
from comfy_core.memory import residency
from comfy_core.text.clip import CLIP
from tests.tiny_sd1 import SMALL


@pytest.fixture
def clip(checkpoint: Checkpoint) -> CLIP:
    return checkpoint.clip  # type: ignore[return-value]


@pytest.fixture
def embeddings(own_folders: Folders) -> Path:
    folder = own_folders.base / "models" / "embeddings"
    folder.mkdir(parents=True)
    return folder


def test_a_prompt_is_77_vectors_and_a_pooled_one(clip: CLIP):
    cond, pooled = clip.encode_from_tokens(clip.tokenize("a cat"), return_pooled=True)
    assert cond.shape == (1, 77, SMALL.clip.width)
    assert pooled.shape == (1, SMALL.clip.width)
    assert torch.equal(pooled[0], cond[0, 3])  # the first end mark


def test_a_long_prompt_is_its_chunks_in_a_row(clip: CLIP):
    long = clip.encode(" ".join(["cat"] * 75 + ["dog"]))
    assert long.shape == (1, 154, SMALL.clip.width)
    torch.testing.assert_close(long[:, :77], clip.encode(" ".join(["cat"] * 75)))
    torch.testing.assert_close(long[:, 77:], clip.encode("dog"))


def test_ten_thousand_words_are_134_chunks(clip: CLIP):
    assert clip.encode("cat " * 10_000).shape == (1, 134 * 77, SMALL.clip.width)


def test_a_weight_moves_a_token_away_from_the_empty_prompt(clip: CLIP):
    plain, empty = clip.encode("a red cat"), clip.encode("")
    weighted = clip.encode("a (red:1.3) cat")
    expected = plain.clone()
    expected[0, 2] = (plain[0, 2] - empty[0, 2]) * 1.3 + empty[0, 2]
    torch.testing.assert_close(weighted, expected, rtol=0, atol=1e-5)
    assert not torch.allclose(weighted[0, 2], plain[0, 2], atol=1e-3)


def test_weight_0_is_the_empty_prompt_and_weight_1_is_no_weight(clip: CLIP):
    torch.testing.assert_close(clip.encode("(cat:0)")[0, 1], clip.encode("")[0, 1])
    assert torch.equal(clip.encode("(cat:1.0)"), clip.encode("cat"))


def test_an_infinite_weight_is_refused_and_a_huge_one_is_not(clip: CLIP):
    with pytest.raises(ValueError, match="infinite; write a smaller one"):
        clip.encode("(cat:1e39)")
    assert clip.encode("(cat:1e9)").isfinite().all()


def test_a_layer_deeper_than_the_encoder_is_the_last(clip: CLIP):
    deep = clip.clone()
    deep.clip_layer(-24)
    assert torch.equal(deep.encode("a cat"), clip.encode("a cat"))
    first = clip.clone()
    first.clip_layer(-2)
    assert not torch.allclose(first.encode("a cat"), clip.encode("a cat"), atol=1e-2)


def test_the_numbers_of_words_are_given_when_asked_for(clip: CLIP):
    (row,) = clip.tokenize("a (red:1.3) cat", return_word_ids=True)["l"]
    assert [(weight, word) for _, weight, word in row[:6]] == [(1, 0), (1, 1), (1.3, 2), (1, 3), (1, 0), (1, 0)]
    assert [len(token) for token in clip.tokenize("a (red:1.3) cat")["l"][0]] == [2] * 77
    tokens = clip.tokenize("a (red:1.3) cat", return_word_ids=True)
    assert torch.equal(clip.encode_from_tokens(tokens), clip.encode("a (red:1.3) cat"))


def test_conditioning_carries_the_pooled_vector(clip: CLIP):
    ((cond, extra),) = clip.encode_from_tokens_scheduled(clip.tokenize("a"), add_dict={"width": 512})
    assert cond.shape == (1, 77, SMALL.clip.width)
    assert extra["pooled_output"].shape == (1, SMALL.clip.width)
    assert extra["width"] == 512


def own_words(clip: CLIP, text: str) -> Tensor:
    """The token vectors of a text, as an embedding that should change nothing."""
    with residency.use([clip.patcher]):
        numbers = [token for token, _ in clip.tokenize(text)["l"][0][1:] if token != 49407]
        return clip.cond_stage_model.clip_l.embed(torch.tensor(numbers)).clone()


@pytest.mark.parametrize(
    "form",
    [
        "a1111.pt",
        "a1111 parameters.pt",
        "a1111.safetensors",
        "diffusers.safetensors",
        "diffusers.bin",
        "list.bin",
        "bare.pt",
        "many.safetensors",
        "bundled.safetensors",
        "bundled a1111.safetensors",
    ],
)
def test_embeddings_of_every_trainer_are_read(clip: CLIP, embeddings: Path, form: str):
    """An embedding with the vectors of "red cat" encodes as "red cat" does."""
    vectors = own_words(clip, "red cat")
    match form:
        case "a1111.pt":
            torch.save(
                {"string_to_param": {"*": vectors}, "string_to_token": {"*": 265}, "name": "mine"},
                embeddings / "mine.pt",
            )
        case "a1111.safetensors":
            save_file({"emb_params": vectors}, embeddings / "mine.safetensors")
        case "diffusers.safetensors":
            save_file({"<mine>": vectors}, embeddings / "mine.safetensors")
        case "diffusers.bin":
            torch.save({"<mine>": vectors}, embeddings / "mine.bin")
        case "a1111 parameters.pt":
            parameters = torch.nn.ParameterDict({"*": torch.nn.Parameter(vectors)})
            torch.save({"string_to_param": parameters, "name": "mine"}, embeddings / "mine.pt")
        case "list.bin":
            torch.save([{"<mine>": vectors[0]}, {"<mine2>": vectors[1]}], embeddings / "mine.bin")
        case "bare.pt":
            torch.save(vectors, embeddings / "mine.pt")
        case "many.safetensors":
            save_file({"clip_g": torch.zeros(2, 1280), "clip_l": vectors}, embeddings / "mine.safetensors")
        case "bundled.safetensors":
            bundle = {"bundle_emb.mine.clip_l": vectors, "bundle_emb.mine.clip_g": torch.zeros(2, 1280)}
            save_file(bundle | {"lora_unet_x.lora_up.weight": torch.zeros(4, 4)}, embeddings / "mine.safetensors")
        case "bundled a1111.safetensors":
            save_file({"bundle_emb.mine.string_to_param.*": vectors}, embeddings / "mine.safetensors")
    for prompt in ("a embedding:mine", "a embedding:mine,"):
        expected = clip.encode("a red cat" + ("," if prompt.endswith(",") else ""))
        torch.testing.assert_close(clip.encode(prompt), expected)


def test_a_single_vector_is_one_token(clip: CLIP, embeddings: Path):
    save_file({"<mine>": own_words(clip, "cat")[0]}, embeddings / "mine.safetensors")
    torch.testing.assert_close(clip.encode("a (embedding:mine:1.2)"), clip.encode("a (cat:1.2)"))


def test_a_replaced_embedding_is_read_again(clip: CLIP, embeddings: Path):
    for word in ("cat", "red dog"):
        save_file({"<mine>": own_words(clip, word)}, embeddings / "mine.safetensors")
        torch.testing.assert_close(clip.encode("embedding:mine"), clip.encode(word))


def test_a_missing_embedding_is_said_and_left_out(clip: CLIP, caplog: pytest.LogCaptureFixture):
    with caplog.at_level(logging.WARNING):
        assert torch.equal(clip.encode("a cat embedding:gone"), clip.encode("a cat"))
    assert "embedding:gone is not in models/embeddings/" in caplog.text


def test_an_embedding_may_lie_in_a_folder_that_its_name_leaves_out(clip: CLIP, embeddings: Path):
    (embeddings / "styles").mkdir()
    save_file({"<mine>": own_words(clip, "red cat")}, embeddings / "styles" / "mine.safetensors")
    for name in ("mine", "mine.safetensors", "styles/mine"):
        torch.testing.assert_close(clip.encode(f"a embedding:{name}"), clip.encode("a red cat"))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("wide", "its vectors are 768 wide and this text encoder (clip_l) takes 32 wide ones"),
        ("picture", "mine.pt is not a readable torch file"),
        ("pickle", "it is a pickle that asks for"),
        ("empty", "mine.pt is empty"),
        ("nothing", "holds no tensors"),
        ("infinite", "infinite"),
        ("scalar", "its vectors are 1 wide"),
    ],
)
def test_a_file_that_is_no_embedding_for_this_encoder_is_said_and_left_out(
    clip: CLIP, embeddings: Path, caplog: pytest.LogCaptureFixture, content: str, said: str
):
    path = embeddings / "mine.pt"
    match content:
        case "wide":
            torch.save({"<mine>": torch.zeros(2, 768)}, path)
        case "picture":
            path.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(100))
        case "pickle":
            path.write_bytes(b"cos\nsystem\n(S'echo harm'\ntR.")
        case "empty":
            path.touch()
        case "nothing":
            save_file({}, embeddings / "mine.safetensors")
        case "infinite":
            torch.save({"<mine>": torch.full((2, 32), float("inf"))}, path)
        case "scalar":
            torch.save({"<mine>": torch.tensor(1.0)}, path)
    with caplog.at_level(logging.WARNING):
        assert torch.equal(clip.encode("a cat embedding:mine"), clip.encode("a cat"))
    assert said in caplog.text
    assert "is left out of the prompt" in caplog.text


def test_a_warning_is_shown_under_the_node(clip: CLIP):
    shown = []

    class Client:
        def text(self, text: str, node_id: str | None = None) -> None:
            shown.append(text)

    with progress.listen(Client()):  # type: ignore[arg-type]
        clip.encode("a cat embedding:gone")
    assert shown == ["embedding:gone is not in models/embeddings/; it is left out of the prompt"]


def test_an_embedding_name_cannot_leave_its_folder(clip: CLIP, embeddings: Path, own_folders: Folders):
    save_file({"x": own_words(clip, "cat")}, own_folders.base / "outside.safetensors")
    assert torch.equal(clip.encode("a embedding:../../outside"), clip.encode("a"))


def test_a_clone_has_patches_of_its_own(clip: CLIP):
    key = "clip_l.final_layer_norm.bias"
    twin = clip.clone()
    assert twin.add_patches({key: ("diff", (torch.ones(SMALL.clip.width),))}, 2.0) == [key]
    torch.testing.assert_close(twin.encode("a"), clip.encode("a") + 2)
    assert clip.patcher.patches == {}
