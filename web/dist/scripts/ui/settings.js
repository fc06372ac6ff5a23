// For packs that are written for ComfyUI: settings. The editor fills comfyAPI before it loads them (src/ext/legacy).
export const { ComfySettings } = window.comfyAPI.ui;
