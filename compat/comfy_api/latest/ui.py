"""What a node shows: pictures, text. Tensors are touched only when something is really saved."""

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
    """Saves images [B, H, W, C] with the workflow inside the file."""

    @staticmethod
    def save_images(
        images: Any, filename_prefix: str, folder_type: Any, cls: Any, compress_level: int = 4
    ) -> list[SavedResult]:
        from comfy_core.media.images import to_pictures
        from comfy_core.media.save import png_texts, save_pngs
        from nodes.recipe import with_recipe

        type = getattr(folder_type, "value", folder_type)
        hidden = getattr(cls, "hidden", None)
        prompt, extra = getattr(hidden, "prompt", None), getattr(hidden, "extra_pnginfo", None)
        texts = png_texts(prompt, with_recipe(prompt, extra))
        files = save_pngs(to_pictures(images), folders.current().of_type(type), filename_prefix, texts, compress_level)
        return [SavedResult(one["filename"], one["subfolder"], type) for one in files]

    @staticmethod
    def get_save_images_ui(images: Any, filename_prefix: str, cls: Any, compress_level: int = 4) -> SavedImages:
        results = ImageSaveHelper.save_images(images, filename_prefix, FolderType.output, cls, compress_level)
        return SavedImages(results)


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


def to_picture(image: Any) -> Any:
    """An image tensor [H, W, C] or [1, H, W, C] as a Pillow image."""
    from comfy_core.media.images import to_pictures

    return to_pictures(image if image.ndim == 4 else image[None])[0]
