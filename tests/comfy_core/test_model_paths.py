"""Lists of model folders as other programs' users have them are read, and mistakes in them are named."""

import pytest

from comfy_core.folders import ExtraFolder
from comfy_core.model_paths import read_model_paths

EXISTING = """
# a file as found beside an existing installation
a111:
    base_path: webui

    checkpoints: models/Stable-diffusion
    loras: |
         models/Lora
         models/LyCORIS
comfyui:
    base_path: $MODELS/
    is_default: true
    unet: unet/
    clip: [clip, /abs/clip]
    download_model_base: downloads
empty:
"""


@pytest.fixture
def written(tmp_path):
    def write(text):
        path = tmp_path / "extra_model_paths.yaml"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return write


def test_groups_are_read(written, tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("MODELS", str(tmp_path / "m"))
    assert read_model_paths(written(EXISTING)) == (
        ExtraFolder("checkpoints", tmp_path / "webui/models/Stable-diffusion"),
        ExtraFolder("loras", tmp_path / "webui/models/Lora"),
        ExtraFolder("loras", tmp_path / "webui/models/LyCORIS"),
        ExtraFolder("diffusion_models", tmp_path / "m/unet", first=True),
        ExtraFolder("text_encoders", tmp_path / "m/clip", first=True),
        ExtraFolder("text_encoders", type(tmp_path)("/abs/clip"), first=True),
    )


def test_home_and_windows_byte_marks_are_understood(written, tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    found = read_model_paths(written(b"\xef\xbb\xbfx:\n  vae: ~/vae\n"))
    assert found == (ExtraFolder("vae", tmp_path / "vae"),)


def test_kinds_nobody_knows_are_passed_over_and_named(written, caplog) -> None:
    assert read_model_paths(written("x:\n  custom_nodes: nodes\n")) == ()
    assert "custom_nodes is no kind of model" in caplog.text


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("a: [", "is no valid YAML in line"),
        ("a:\n\tb: c", "is no valid YAML in line 2"),
        (b"\xff\xfe", "is no valid YAML"),
        ("- a", "must have groups of folders"),
        ("checkpoints: models", "the group checkpoints must list folders by kind of model"),
        ("a: !!python/object/apply:os.getcwd []", "is no valid YAML"),
    ],
)
def test_mistakes_are_named(written, text, sentence) -> None:
    with pytest.raises(ValueError, match=sentence):
        read_model_paths(written(text))


def test_an_empty_file_names_nothing(written, tmp_path) -> None:
    assert read_model_paths(written("")) == ()
    with pytest.raises(ValueError, match="cannot read"):
        read_model_paths(tmp_path / "none.yaml")
