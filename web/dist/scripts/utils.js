// For packs that are written for ComfyUI: small helpers. The editor fills comfyAPI before it loads them (src/ext/legacy).
export const { clone, prop, applyTextReplacements, addStylesheet, downloadBlob, uploadFile, getStorageValue, setStorageValue } = window.comfyAPI.utils;
