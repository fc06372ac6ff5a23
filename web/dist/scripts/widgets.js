// For packs that are written for ComfyUI: the widgets of ComfyUI by type. The editor fills comfyAPI before it loads them (src/ext/legacy).
export const { ComfyWidgets, addValueControlWidget, addValueControlWidgets, updateControlWidgetLabel, isValidWidgetType } = window.comfyAPI.widgets;
