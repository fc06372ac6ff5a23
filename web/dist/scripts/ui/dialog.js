// For packs that are written for ComfyUI: dialogs. The editor fills comfyAPI before it loads them (src/ext/legacy).
export const { ComfyDialog } = window.comfyAPI.ui;
