"""Types that only travel over links."""

from __future__ import annotations

from typing import Any

from ._base import ComfyType, socket

Image = socket("Image", "IMAGE")
Mask = socket("Mask", "MASK")
Latent = socket("Latent", "LATENT")
Conditioning = socket("Conditioning", "CONDITIONING")
Model = socket("Model", "MODEL")
Clip = socket("Clip", "CLIP")
Vae = socket("Vae", "VAE")
ControlNet = socket("ControlNet", "CONTROL_NET")
ClipVision = socket("ClipVision", "CLIP_VISION")
ClipVisionOutput = socket("ClipVisionOutput", "CLIP_VISION_OUTPUT")
StyleModel = socket("StyleModel", "STYLE_MODEL")
Gligen = socket("Gligen", "GLIGEN")
UpscaleModel = socket("UpscaleModel", "UPSCALE_MODEL")
LatentUpscaleModel = socket("LatentUpscaleModel", "LATENT_UPSCALE_MODEL")
Audio = socket("Audio", "AUDIO")
Video = socket("Video", "VIDEO")
SVG = socket("SVG", "SVG")
LoraModel = socket("LoraModel", "LORA_MODEL")
LossMap = socket("LossMap", "LOSS_MAP")
Voxel = socket("Voxel", "VOXEL")
Mesh = socket("Mesh", "MESH")
Splat = socket("Splat", "SPLAT")
File3DAny = socket("File3DAny", "FILE_3D")
File3DGLB = socket("File3DGLB", "FILE_3D_GLB")
File3DGLTF = socket("File3DGLTF", "FILE_3D_GLTF")
File3DFBX = socket("File3DFBX", "FILE_3D_FBX")
File3DOBJ = socket("File3DOBJ", "FILE_3D_OBJ")
File3DSTL = socket("File3DSTL", "FILE_3D_STL")
File3DUSDZ = socket("File3DUSDZ", "FILE_3D_USDZ")
Hooks = socket("Hooks", "HOOKS")
HookKeyframes = socket("HookKeyframes", "HOOK_KEYFRAMES")
TimestepsRange = socket("TimestepsRange", "TIMESTEPS_RANGE")
Sampler = socket("Sampler", "SAMPLER")
Sigmas = socket("Sigmas", "SIGMAS")
Noise = socket("Noise", "NOISE")
Guider = socket("Guider", "GUIDER")
LatentOperation = socket("LatentOperation", "LATENT_OPERATION")
FlowControl = socket("FlowControl", "FLOW_CONTROL")
Accumulation = socket("Accumulation", "ACCUMULATION")
Photomaker = socket("Photomaker", "PHOTOMAKER")
ModelPatch = socket("ModelPatch", "MODEL_PATCH")
AudioEncoder = socket("AudioEncoder", "AUDIO_ENCODER")
AudioEncoderOutput = socket("AudioEncoderOutput", "AUDIO_ENCODER_OUTPUT")
BackgroundRemoval = socket("BackgroundRemoval", "BACKGROUND_REMOVAL")
Tracks = socket("Tracks", "TRACKS")
Dict = socket("Dict", "DICT")
Array = socket("Array", "ARRAY")
Histogram = socket("Histogram", "HISTOGRAM")
Layers = socket("Layers", "LAYERS")
Load3DCamera = socket("Load3DCamera", "LOAD3D_CAMERA")
Load3DModelInfo = socket("Load3DModelInfo", "LOAD3D_MODEL_INFO")
Point = socket("Point", "POINT")
FaceAnalysis = socket("FaceAnalysis", "FACE_ANALYSIS")
BBOX = socket("BBOX", "BBOX")
SEGS = socket("SEGS", "SEGS")
WanCameraEmbedding = socket("WanCameraEmbedding", "WAN_CAMERA_EMBEDDING")
AnyType = socket("AnyType", "*")


def Custom(io_type: str) -> Any:
    """A type of one's own."""
    return socket("Custom", io_type)


def comfytype(io_type: str, **_: Any) -> Any:
    """Class decorator: make a class with a `Type` a type of values."""

    def decorate(cls: Any) -> Any:
        members = {key: value for key, value in vars(cls).items() if key in ("Type", "Input", "Output")}
        return type(cls.__name__, (ComfyType,), members, io_type=io_type)

    return decorate
