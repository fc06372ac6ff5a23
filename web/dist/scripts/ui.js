// For packs that are written for ComfyUI: making elements and dialogs. The editor fills comfyAPI before it loads them (src/ext/legacy).
export const { $el, ComfyDialog, ComfyUI, ComfySettings } = window.comfyAPI.ui;
