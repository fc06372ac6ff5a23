// For packs that are written for ComfyUI: what files carry. The editor fills comfyAPI before it loads them (src/ext/legacy).
export const { getPngMetadata, getFlacMetadata, getWebpMetadata, getLatentMetadata, importA1111 } = window.comfyAPI.pnginfo;
