// For packs that are written for ComfyUI: app and the class of it. The editor fills comfyAPI before it loads them (src/ext/legacy).
export const { app, ComfyApp, ANIM_PREVIEW_WIDGET, sanitizeNodeName } = window.comfyAPI.app;
