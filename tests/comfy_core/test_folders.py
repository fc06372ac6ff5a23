"""Folders lie in the base unless they are told to lie elsewhere."""

import pytest

from comfy_core.folders import CHECKOUT, ExtraFolder, Folders


def test_all_folders_lie_in_the_base(tmp_path) -> None:
    folders = Folders(base=tmp_path)
    assert [folders.output, folders.input, folders.temp, folders.user] == [
        tmp_path / name for name in ("output", "input", "temp", "user")
    ]


def test_each_may_lie_elsewhere(tmp_path) -> None:
    folders = Folders(base=tmp_path, input=tmp_path / "a", temp=tmp_path / "b", user=tmp_path / "c")
    assert (folders.input, folders.temp, folders.user) == (tmp_path / "a", tmp_path / "b", tmp_path / "c")
    assert folders.of_type("input") == tmp_path / "a"
    assert folders.output == tmp_path / "output"


def test_extra_folders_come_before_or_after_the_usual_ones(tmp_path) -> None:
    extra = (
        ExtraFolder("loras", tmp_path / "last"),
        ExtraFolder("loras", tmp_path / "first", first=True),
        ExtraFolder("vae", tmp_path / "vae"),
    )
    folders = Folders(base=tmp_path, extra=extra)
    usual = [tmp_path / "models" / "loras", CHECKOUT / "models" / "loras", tmp_path / "output" / "loras"]
    assert folders.models("loras") == [tmp_path / "first", *usual, tmp_path / "last"]
    (tmp_path / "last").mkdir()
    (tmp_path / "last" / "a.safetensors").touch()
    assert "a.safetensors" in folders.files("loras")
    assert folders.find_model("loras", "a.safetensors") == tmp_path / "last" / "a.safetensors"


def test_models_may_be_links_and_lie_in_linked_folders(tmp_path) -> None:
    folders, shared = Folders(base=tmp_path / "base"), tmp_path / "shared"
    loras = folders.base / "models" / "loras"
    for folder in (loras / "own", shared / "more", folders.input):
        folder.mkdir(parents=True)
    (shared / "more" / "a.safetensors").touch()
    (loras / "b.safetensors").symlink_to(shared / "more" / "a.safetensors")
    (loras / "linked").symlink_to(shared)
    (loras / "own" / "up").symlink_to(loras)  # without end, if it were followed
    (loras / "nowhere.safetensors").symlink_to(shared / "none")
    assert folders.files("loras") == ["b.safetensors", "linked/more/a.safetensors"]
    for name in folders.files("loras"):
        assert folders.find_model("loras", name) == loras / name
    for name in ("../loras.safetensors", "linked/../../x", str(shared / "more" / "a.safetensors")):
        with pytest.raises(ValueError, match="leaves loras/"):
            folders.find_model("loras", name)


def test_a_link_in_the_input_folder_leads_nowhere_else(tmp_path) -> None:
    folders = Folders(base=tmp_path / "base")
    folders.input.mkdir(parents=True)
    (folders.input / "link").symlink_to(tmp_path)
    (tmp_path / "secret.png").touch()
    assert folders.files("input") == []
    with pytest.raises(ValueError, match="leaves input/"):
        folders.find("input", "link/secret.png")


def test_models_are_found_where_users_of_the_ecosystem_have_them(tmp_path) -> None:
    folders = Folders(base=tmp_path)
    for older, kind in (("t2i_adapter", "controlnet"), ("unet", "diffusion_models"), ("clip", "text_encoders")):
        file = tmp_path / "models" / older / "a.safetensors"
        file.parent.mkdir(parents=True)
        file.touch()
        assert folders.files(kind) == ["a.safetensors"]
        assert folders.find_model(kind, "a.safetensors") == file
