// For packs that are written for ComfyUI: an empty workflow. The editor fills comfyAPI before it loads them (src/ext/legacy).
export const { defaultGraph } = window.comfyAPI.defaultGraph;
