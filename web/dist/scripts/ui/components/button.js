// For packs that are written for ComfyUI: a button. The editor fills comfyAPI before it loads them (src/ext/legacy).
export const { ComfyButton } = window.comfyAPI.button;
