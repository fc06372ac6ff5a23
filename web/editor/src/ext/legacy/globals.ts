/** Puts everything where the modules under `/scripts/` and the code of packs look for it. */

import { LegacyApi } from "./api";
import type { LegacyApp } from "./app";
import { LegacyCanvas } from "./canvas";
import { ComfyWidgets } from "./comfyWidgets";
import { DomWidget } from "./domWidget";
import { LegacyGraph } from "./graph";
import { defaultGraph, media, texts } from "./helpers";
import { LegacyNode } from "./node";
import { $el, ComfyButton, ComfyButtonGroup, ComfyDialog, ComfySettings, ComfyUI } from "./ui";

export function exposeGlobals(app: LegacyApp, LiteGraph: Record<string, unknown>): void {
  const { api } = app;
  const ComfyApp = Object.assign(app.constructor, { clipspace: null, open_maskeditor: null });
  const comfyAPI = {
    app: {
      app,
      ComfyApp,
      ANIM_PREVIEW_WIDGET: "$$comfy_animation_preview",
      sanitizeNodeName: texts.plainName,
    },
    api: { api, ComfyApi: LegacyApi },
    widgets: {
      ComfyWidgets,
      addValueControlWidget: () => undefined,
      addValueControlWidgets: () => [],
      updateControlWidgetLabel: () => {},
      isValidWidgetType: (type: string) => type in ComfyWidgets,
    },
    ui: { $el, ComfyDialog, ComfyUI, ComfySettings },
    button: { ComfyButton },
    buttonGroup: { ComfyButtonGroup },
    domWidget: {
      DOMWidgetImpl: DomWidget,
      addDomClippingSetting: () => {},
      isDOMWidget: (w: unknown) => w instanceof DomWidget,
    },
    utils: texts,
    pnginfo: media,
    defaultGraph: { defaultGraph },
  };
  Object.assign(window, {
    comfyAPI,
    app,
    LiteGraph: Object.assign(LiteGraph, { LGraph: LegacyGraph, LGraphCanvas: LegacyCanvas }),
    LGraph: LegacyGraph,
    LGraphNode: LegacyNode,
    LGraphCanvas: LegacyCanvas,
    LGraphGroup: class {},
    LLink: class {},
  });
}
