// For packs that are written for ComfyUI: widgets that are elements. The editor fills comfyAPI before it loads them (src/ext/legacy).
export const { DOMWidgetImpl, addDomClippingSetting, isDOMWidget } = window.comfyAPI.domWidget;
