"""What a node shows: pictures, sound, text. Tensors are touched only when something is really saved."""

from __future__ import annotations

from typing import Any

from comfy_core import folders

from .io import FolderType


class SavedResult(dict[str, Any]):
    """A file that was written: `{"filename", "subfolder", "type"}`."""

    def __init__(self, filename: str, subfolder: str, type: Any) -> None:
        super().__init__(filename=filename, subfolder=subfolder, type=getattr(type, "value", type))

    @property
    def filename(self) -> str:
        return self["filename"]

    @property
    def subfolder(self) -> str:
        return self["subfolder"]

    @property
    def type(self) -> str:
        return self["type"]


class SavedImages:
    def __init__(self, results: list[SavedResult], is_animated: bool = False) -> None:
        self.results = results
        self.is_animated = is_animated

    def as_dict(self) -> dict[str, Any]:
        data: dict[str, Any] = {"images": self.results}
        return data | {"animated": (True,)} if self.is_animated else data


class SavedAudios:
    def __init__(self, results: list[SavedResult]) -> None:
        self.results = results

    def as_dict(self) -> dict[str, Any]:
        return {"audio": self.results}


class PreviewText:
    def __init__(self, value: str, **_: Any) -> None:
        self.value = value

    def as_dict(self) -> dict[str, Any]:
        return {"text": (self.value,)}


class PreviewVideo:
    def __init__(self, values: list[SavedResult], **_: Any) -> None:
        self.values = values

    def as_dict(self) -> dict[str, Any]:
        return {"images": self.values, "animated": (True,)}


class PreviewUI3D:
    def __init__(self, model_file: str, camera_info: Any = None, **_: Any) -> None:
        self.model_file = model_file
        self.camera_info = camera_info

    def as_dict(self) -> dict[str, Any]:
        return {"result": [self.model_file, self.camera_info]}


class ImageSaveHelper:
    """Saves images [B, H, W, C] with the workflow inside the file. `cls` is the node, whose hidden inputs have it."""

    @staticmethod
    def save_images(
        images: Any, filename_prefix: str, folder_type: Any, cls: Any, compress_level: int = 4
    ) -> list[SavedResult]:
        from comfy_core.media.images import to_pictures
        from comfy_core.media.save import save_pngs

        place = folders.current().of_type(_type(folder_type))
        files = save_pngs(to_pictures(images), place, filename_prefix, _texts(cls), compress_level)
        return _results(files, folder_type)

    @staticmethod
    def get_save_images_ui(images: Any, filename_prefix: str, cls: Any, compress_level: int = 4) -> SavedImages:
        results = ImageSaveHelper.save_images(images, filename_prefix, FolderType.output, cls, compress_level)
        return SavedImages(results)

    @staticmethod
    def save_animated_png(
        images: Any, filename_prefix: str, folder_type: Any, cls: Any, fps: float, compress_level: int
    ) -> SavedResult:
        from comfy_core.media.animation import apng
        from comfy_core.media.images import to_pictures

        write = apng(to_pictures(images), fps, _texts(cls), compress_level)
        return _save_animated(write, images, filename_prefix, folder_type, "_.png")

    @staticmethod
    def get_save_animated_png_ui(
        images: Any, filename_prefix: str, cls: Any, fps: float, compress_level: int
    ) -> SavedImages:
        result = ImageSaveHelper.save_animated_png(images, filename_prefix, FolderType.output, cls, fps, compress_level)
        return SavedImages([result], is_animated=len(images) > 1)

    @staticmethod
    def save_animated_webp(
        images: Any,
        filename_prefix: str,
        folder_type: Any,
        cls: Any,
        fps: float,
        lossless: bool,
        quality: int,
        method: int,
    ) -> SavedResult:
        from comfy_core.media.animation import webp
        from comfy_core.media.images import to_pictures

        write = webp(to_pictures(images), fps, _texts(cls), lossless, quality, method)
        return _save_animated(write, images, filename_prefix, folder_type, "_.webp")

    @staticmethod
    def get_save_animated_webp_ui(
        images: Any, filename_prefix: str, cls: Any, fps: float, lossless: bool, quality: int, method: int
    ) -> SavedImages:
        result = ImageSaveHelper.save_animated_webp(
            images, filename_prefix, FolderType.output, cls, fps, lossless, quality, method
        )
        return SavedImages([result], is_animated=len(images) > 1)


class AudioSaveHelper:
    """Saves sound with the workflow inside the file, as `flac`, `mp3` or `opus`."""

    @staticmethod
    def save_audio(
        audio: dict[str, Any],
        filename_prefix: str,
        folder_type: Any,
        cls: Any,
        format: str = "flac",
        quality: str = "128k",
    ) -> list[SavedResult]:
        from comfy_core.media.sound import save_sounds

        place = folders.current().of_type(_type(folder_type))
        files = save_sounds(audio, place, filename_prefix, format, "" if format == "flac" else quality, _texts(cls))
        return _results(files, folder_type)

    @staticmethod
    def get_save_audio_ui(
        audio: dict[str, Any], filename_prefix: str, cls: Any, format: str = "flac", quality: str = "128k"
    ) -> SavedAudios:
        results = AudioSaveHelper.save_audio(audio, filename_prefix, FolderType.output, cls, format, quality)
        return SavedAudios(results)


class PreviewImage:
    """Shows images [B, H, W, C] without keeping them."""

    def __init__(self, image: Any, animated: bool = False, cls: Any = None, **_: Any) -> None:
        self.values = ImageSaveHelper.save_images(image, "easel_temp_ui", FolderType.temp, cls, compress_level=1)
        self.animated = animated

    def as_dict(self) -> dict[str, Any]:
        return {"images": self.values, "animated": (self.animated,)}


class PreviewMask(PreviewImage):
    """Shows masks [B, H, W] as grey images."""

    def __init__(self, mask: Any, animated: bool = False, cls: Any = None, **_: Any) -> None:
        grey = mask.reshape((-1, *mask.shape[-2:]))[..., None].expand(-1, -1, -1, 3)
        super().__init__(grey, animated, cls)


class PreviewAudio:
    """Plays sound without keeping it."""

    def __init__(self, audio: dict[str, Any], cls: Any = None, **_: Any) -> None:
        self.values = AudioSaveHelper.save_audio(audio, "easel_temp_ui", FolderType.temp, cls)

    def as_dict(self) -> dict[str, Any]:
        return {"audio": self.values}


def to_picture(image: Any) -> Any:
    """An image tensor [H, W, C] or [1, H, W, C] as a Pillow image."""
    from comfy_core.media.images import to_pictures

    return to_pictures(image if image.ndim == 4 else image[None])[0]


def _type(folder_type: Any) -> str:
    return getattr(folder_type, "value", folder_type)


def _texts(cls: Any) -> dict[str, str]:
    """What a file is to carry: the prompt and what came along with it."""
    from comfy_core.media.save import png_texts
    from nodes.recipe import with_recipe

    hidden = getattr(cls, "hidden", None)
    prompt, extra = getattr(hidden, "prompt", None), getattr(hidden, "extra_pnginfo", None)
    return png_texts(prompt, with_recipe(prompt, extra))


def _save_animated(write: Any, images: Any, prefix: str, folder_type: Any, ending: str) -> SavedResult:
    from comfy_core.media.save import save_files

    place, size = folders.current().of_type(_type(folder_type)), (images.shape[2], images.shape[1])
    return _results(save_files([write], place, prefix, ending, size), folder_type)[0]


def _results(files: list[dict[str, str]], folder_type: Any) -> list[SavedResult]:
    return [SavedResult(one["filename"], one["subfolder"], folder_type) for one in files]
