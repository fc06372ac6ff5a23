"""Where the answer is known, the right words are found; and a whole CLIP is the one of `transformers`."""

import pytest
import torch
import torch.nn.functional as F
from PIL import Image

from comfy_core import folders
from comfy_core.folders import CHECKOUT, Folders
from comfy_core.interrogate import Interrogator, check_same_space, embedder, remembering, similarity, word_lists
from comfy_core.media.images import to_tensor
from comfy_core.memory import residency
from comfy_core.text.tokenizer import clip_tokens
from comfy_core.weights import Weights, WeightsError, open_weights
from comfy_core.whole_clip import load_whole_clip
from tests.tiny_clip import reference, write_clip
from tests.tiny_models import model_tensors, write_model
from tests.tiny_vision import vision_tensors

LISTS = {
    "mediums": ["photo", "painting"],
    "artists": ["Monet", "Klee"],
    "flavors": ["red", "green", "blue", "round"],
    "negative": ["blurry", "noisy", "ugly"],
}
WORDS = [word for words in LISTS.values() for word in words] + ["by"]


def bag_of_words(texts):
    """A space with a direction for each word: what fits is known beforehand."""
    rows = [[float(word in text.replace(",", " ").split()) for word in WORDS] for text in texts]
    return F.normalize(torch.tensor(rows), dim=-1)


def picture(**weights):
    return torch.tensor([weights.get(word, 0.0) for word in WORDS])


@pytest.fixture
def asked():
    return Interrogator(LISTS, bag_of_words, bag_of_words)


def test_fast_takes_the_nearest_words(asked):
    shown = picture(painting=1, red=0.9, Klee=0.5, round=0.2, blue=0.1)
    assert asked.describe(shown, "fast", 3) == "painting, red, by Klee, round"


def test_best_takes_what_makes_the_whole_fit_and_no_more(asked):
    shown = picture(painting=1, red=1, round=1)
    assert set(asked.describe(shown, "best", 8).split(", ")) == {"painting", "red", "round"}
    assert asked.describe(shown, "best", 1) in ("painting, red", "painting, round")


def test_negative_takes_what_the_picture_has_least_of(asked):
    assert asked.describe(picture(red=1, blurry=0.5, noisy=-0.5), "negative", 2) == "noisy, ugly"
    without = Interrogator({"a": ["red", "green"]}, bag_of_words, bag_of_words)
    assert without.describe(picture(red=1), "negative", 1) == "green"


def test_a_caption_is_the_beginning(asked):
    assert asked.describe(picture(red=1, blue=0.5), "fast", 1, "a thing ") == "a thing, red"
    assert asked.describe(picture(red=1), "best", 3, "round") == "round, red"


def test_without_lists_there_is_nothing_to_say():
    with pytest.raises(ValueError, match="there are no word lists"):
        Interrogator({}, bag_of_words, bag_of_words)


def test_lists_are_files_and_a_users_own_stand_before_the_shipped_ones(tmp_path):
    shipped = word_lists(Folders(tmp_path))
    assert {"mediums", "artists", "movements", "flavors", "negative"} <= shipped.keys()
    assert all(len(words) == len(set(words)) for words in shipped.values())
    own = tmp_path / "models" / "interrogator"
    own.mkdir(parents=True)
    (own / "mediums.txt").write_text("# mine\na knitted thing # of wool\n\n a knitted thing\n", "utf-8")
    (own / "empty.txt").write_text("# nothing\n")
    lists = word_lists(Folders(tmp_path))
    assert lists["mediums"] == ["a knitted thing"]
    assert lists["flavors"] == shipped["flavors"]
    assert "empty" not in lists


def test_the_shipped_lists_are_in_the_checkout():
    assert (CHECKOUT / "models/interrogator/negative.txt").is_file()


# --- real encoders --------------------------------------------------------------------------------------------------


@pytest.fixture
def where(tmp_path):
    before = folders.current()
    folders.use(Folders(tmp_path))
    yield tmp_path
    residency.free_all()
    folders.use(before)


def test_texts_and_pictures_are_where_transformers_has_them(where):
    vision, clip = load_whole_clip(open_weights(write_clip(where / "clip.safetensors")))
    texts = ["a red apple", "", "word " * 100]
    image = to_tensor(Image.effect_noise((56, 56), 80).convert("RGB"))[None]
    with torch.no_grad():
        tokens = [[49406, *clip_tokens(text)[:75], 49407] for text in texts]
        wanted = [_features(reference().get_text_features(torch.tensor([one]))) for one in tokens]
        mean, std = (
            torch.tensor([0.48145466, 0.4578275, 0.40821073]),
            torch.tensor([0.26862954, 0.26130258, 0.27577711]),
        )
        pixels = ((image - mean) / std).movedim(-1, 1)
        seen = _features(reference().get_image_features(pixels))
    torch.testing.assert_close(embedder(clip)(texts), F.normalize(torch.cat(wanted), dim=-1), atol=1e-4, rtol=0)
    ours = vision.encode_image(image).image_embeds
    torch.testing.assert_close(F.normalize(ours, dim=-1), F.normalize(seen, dim=-1), atol=1e-4, rtol=0)
    cosine = F.cosine_similarity(seen, wanted[0])
    torch.testing.assert_close(similarity(ours, embedder(clip)(texts)[0]), cosine, atol=1e-4, rtol=0)


def _features(found):
    return found if isinstance(found, torch.Tensor) else found.pooler_output


def test_the_vectors_of_lists_are_kept_for_a_text_encoder(where):
    _, clip = load_whole_clip(open_weights(write_clip(where / "clip.safetensors")))
    embed, asked = embedder(clip), []

    def counted(texts):
        asked.append(list(texts))
        return embed(texts)

    first = remembering(clip, counted)(["a", "b"])
    assert torch.equal(remembering(clip, counted)(["a", "b"]), first)
    assert asked == [["a", "b"]]
    remembering(clip, counted)(["a", "c"])
    for kept in (where / "user/interrogator").iterdir():
        kept.write_bytes(b"damaged")
    assert torch.equal(remembering(clip, counted)(["a", "b"]), first)
    assert asked == [["a", "b"], ["a", "c"], ["a", "b"]]


def test_a_file_that_is_half_a_clip_is_refused():
    with pytest.raises(WeightsError, match="not a whole CLIP"):
        load_whole_clip(Weights.of(vision_tensors()))
    text = {name: one for name, one in reference().state_dict().items() if "vision" not in name}
    with pytest.raises(WeightsError, match="no CLIP vision encoder"):
        load_whole_clip(Weights.of({name: one for name, one in text.items() if "visual" not in name}))


def test_a_text_encoder_without_projection_is_refused(where):
    from comfy_core.families import load_checkpoint

    clip = load_checkpoint(write_model(where / "sd1.safetensors", "sd1")).clip
    with pytest.raises(ValueError, match="lacks the projection"):
        embedder(clip)
    assert "text_projection" not in " ".join(model_tensors("sd1"))


def test_halves_of_two_models_are_refused():
    with pytest.raises(ValueError, match="gives 1024 numbers and the text encoder 768"):
        check_same_space(torch.zeros(1, 1024), torch.zeros(1, 768))
