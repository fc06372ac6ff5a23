// For packs that are written for ComfyUI: requests to the server, and its events. The editor fills comfyAPI before it loads them (src/ext/legacy).
export const { api, ComfyApi } = window.comfyAPI.api;
