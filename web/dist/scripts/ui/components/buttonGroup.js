// For packs that are written for ComfyUI: a row of buttons. The editor fills comfyAPI before it loads them (src/ext/legacy).
export const { ComfyButtonGroup } = window.comfyAPI.buttonGroup;
