/** `/scripts/ui.js`: making elements, simple dialogs, and the place for buttons of packs. */

import { packs } from "../../features/packs/packs";
import { packSetting, setPackSetting } from "../../features/settings/packSettings";
import { t } from "../../lib/t";
import { asJson } from "./domWidget";
import { addLegacySetting } from "./settings";

type Child = Node | string | null | undefined | false;
type Properties = Record<string, unknown> & {
  parent?: Element;
  $?: (element: HTMLElement) => void;
  style?: Partial<CSSStyleDeclaration>;
  dataset?: Record<string, string>;
  for?: string;
};

/** `$el("div.class#id", {properties}, [children])`. */
export function $el(tag: string, properties?: Properties | Child | Child[], children?: Child[]): HTMLElement {
  const [name = "div", ...parts] = tag.split(/(?=[.#])/);
  const element = document.createElement(name);
  for (const part of parts) {
    if (part.startsWith(".")) element.classList.add(part.slice(1));
    else element.id = part.slice(1);
  }
  const isContent = Array.isArray(properties) || properties instanceof Node || typeof properties === "string";
  const content = isContent ? properties : children;
  if (properties && !isContent) assign(element, properties as Properties);
  for (const child of Array.isArray(content) ? content : [content]) if (child) element.append(child as Node);
  if (properties && !isContent) (properties as Properties).$?.(element);
  return element;
}

function assign(
  element: HTMLElement,
  { parent, $: _, style, dataset, for: target, ...rest }: Properties,
): void {
  if (typeof style === "string") element.style.cssText = style;
  else if (style) Object.assign(element.style, style);
  if (dataset) Object.assign(element.dataset, dataset);
  if (target) element.setAttribute("for", target);
  Object.assign(element, rest);
  parent?.append(element);
}

/** Shown in the panel of packs. */
export const packTools = $el("div.pack-tools");
packs.setState({ tools: packTools });

export class ComfyDialog {
  element: HTMLElement;
  textElement: HTMLElement;

  constructor(type = "div", buttons: HTMLElement[] | null = null) {
    this.textElement = $el("div.pack-dialog-text");
    this.element = $el(`${type}.comfy-modal.pack-dialog`, { parent: document.body }, [
      $el("div.comfy-modal-content", {}, [this.textElement, ...(buttons ?? this.createButtons())]),
    ]);
    this.element.setAttribute("role", "dialog");
    this.element.style.display = "none";
  }

  createButtons(): HTMLElement[] {
    return [$el("button.button", { type: "button", textContent: t("Close"), onclick: () => this.close() })];
  }

  close(): void {
    this.element.style.display = "none";
  }

  show(content?: string | Node | Node[]): void {
    if (typeof content === "string") this.textElement.innerHTML = content;
    else if (content) this.textElement.replaceChildren(...(Array.isArray(content) ? content : [content]));
    this.element.style.display = "flex";
  }
}

export class ComfyButton {
  readonly element: HTMLElement;

  constructor({
    icon = "",
    content = "",
    tooltip = "",
    action,
    classList = "",
  }: {
    icon?: string;
    content?: string;
    tooltip?: string;
    classList?: string;
    action?: (event: Event) => void;
  }) {
    const label = content || tooltip || icon;
    this.element = $el("button.button", { type: "button", textContent: label, title: tooltip });
    this.element.dataset.kind = "plain";
    if (classList) this.element.classList.add(...classList.split(/\s+/).filter(Boolean));
    if (action) this.element.addEventListener("click", action);
  }
}

export class ComfyButtonGroup {
  readonly element: HTMLElement;

  constructor(...buttons: ({ element: HTMLElement } | HTMLElement)[]) {
    this.element = $el("div.pack-tools", {}, []);
    this.append(...buttons);
  }

  append(...buttons: ({ element: HTMLElement } | HTMLElement)[]): void {
    this.element.append(
      ...buttons.map((button) => (button instanceof HTMLElement ? button : button.element)),
    );
  }

  insert(button: { element: HTMLElement } | HTMLElement): void {
    this.append(button);
  }
}

export class ComfySettings {
  addSetting = addLegacySetting;

  getSettingValue(id: string, standard?: unknown): unknown {
    return packSetting(id) ?? standard;
  }

  setSettingValue(id: string, value: unknown): void {
    void setPackSetting(id, asJson(value));
  }

  async setSettingValueAsync(id: string, value: unknown): Promise<void> {
    await setPackSetting(id, asJson(value));
  }

  /** The values by name, as some packs read them. */
  get settingsValues(): Record<string, unknown> {
    return new Proxy({}, { get: (_, id) => packSetting(String(id)) });
  }
}

export class ComfyUI {
  readonly settings = new ComfySettings();
  readonly dialog = new ComfyDialog();
  readonly menuContainer = packTools;
  autoQueueEnabled = false;
  batchCount = 1;
  lastQueueSize = 0;
}
