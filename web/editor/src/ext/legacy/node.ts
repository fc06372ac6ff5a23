/** A node as litegraph's code sees it: the base of the classes that packs extend. */
import type { Json } from "../../lib/json";
import { carryOver, pullWidgets } from "./carry";
import { DomWidget } from "./domWidget";
import * as slots from "./nodeSlots";
import { NodeState, type Pair } from "./nodeState";
import type { InputSlot, OutputSlot } from "./slots";
import { type Callback, LegacyWidget, specFor, type WidgetLike, type WidgetOptions } from "./widget";

export class LegacyNode extends NodeState {
  /** Fills widgets and slots from the document, keeping the objects that packs may hold. */
  pull(): void {
    slots.pullSlots(this);
    pullWidgets(this);
    this.refresh();
  }

  addWidget(
    type: string,
    name: string,
    value: unknown,
    callback?: Callback | string,
    options: WidgetOptions = {},
  ) {
    // A text in the place of the callback names a property that follows the value.
    const property = typeof callback === "string" ? callback : (options.property as string | undefined);
    const follow = (next: unknown) => property && this.setProperty(property, next);
    const heard = typeof callback === "function" ? callback : follow;
    const spec = specFor(type, value, options);
    if (!spec) return this.addCustomWidget({ name, type, value, options, callback: heard });
    const widget = new LegacyWidget(this, name, type, spec, options);
    widget.callback = heard;
    return this.addCustomWidget(widget);
  }

  addDOMWidget(name: string, type: string, element: HTMLElement, options: WidgetOptions = {}): DomWidget {
    return this.addCustomWidget(new DomWidget(this, name, type, element, options));
  }

  addCustomWidget<W extends WidgetLike>(widget: W): W {
    this.widgets ??= [];
    this.widgets.push(widget);
    carryOver(this);
    this.settle();
    return widget;
  }

  removeWidget(widget: WidgetLike): void {
    this.widgets = this.widgets.filter((other) => other !== widget);
    widget.onRemove?.();
    this.settle();
  }

  addInput(name: string, type: unknown, extra: Record<string, unknown> = {}): InputSlot | undefined {
    return slots.addInput(this, name, String(type), extra);
  }

  removeInput(index: number): void {
    slots.removeInput(this, index);
  }

  addOutput(name: string, type: unknown, extra: Record<string, unknown> = {}): OutputSlot | undefined {
    return slots.addOutput(this, name, String(type), extra);
  }

  removeOutput(index: number): void {
    slots.removeOutput(this, index);
  }

  findInputSlot(name: string): number {
    return this.inputs.findIndex((slot) => slot.name === name);
  }

  findOutputSlot(name: string): number {
    return this.outputs.findIndex((slot) => slot.name === name);
  }

  getInputLink(slot: number) {
    return slots.inputLink(this, slot);
  }

  getInputNode(slot: number): LegacyNode | null {
    const link = slots.inputLink(this, slot);
    return link ? this.world.node(String(link.origin_id)) : null;
  }

  getOutputNodes(slot: number): LegacyNode[] | null {
    const links = this.doc.linksFrom(this.key).filter((link) => link.output === slot);
    return links.length ? links.flatMap((link) => this.world.node(link.to) ?? []) : null;
  }

  isInputConnected(slot: number): boolean {
    return this.inputs[slot]?.link != null;
  }

  isOutputConnected(slot: number): boolean {
    return Boolean(this.outputs[slot]?.links?.length);
  }

  connect(output: number | string, target: LegacyNode, input: number | string) {
    return slots.connectTo(this, output, target, input);
  }

  disconnectInput(slot: number | string): boolean {
    return slots.cutInput(this, typeof slot === "string" ? this.findInputSlot(slot) : slot);
  }

  disconnectOutput(slot: number | string, target?: LegacyNode): boolean {
    return slots.cutOutput(this, typeof slot === "string" ? this.findOutputSlot(slot) : slot, target);
  }

  setSize([w, h]: readonly [number, number] | Pair): void {
    const least = this.world.least(this);
    // A height that only fits is not kept: the node may shrink again with what is in it.
    this.patch({ size: { w, h: h <= (least?.h ?? 0) ? 0 : h } });
    this.tell("onResize", this.size);
  }

  computeSize(): Pair {
    carryOver(this);
    const least = this.world.least(this);
    return [least?.w ?? this.size[0], least?.h ?? this.size[1]];
  }

  setDirtyCanvas(): void {
    this.settle();
  }

  setProperty(name: string, value: unknown): void {
    const before = this.properties[name];
    this.properties[name] = value;
    this.tell("onPropertyChanged", name, value, before);
  }

  addProperty(name: string, value: unknown, type?: string, extra: object = {}): void {
    this.properties[name] ??= value;
    this.properties_info.push({ name, type, default_value: value, ...extra });
  }

  collapse(): void {
    this.patch({ collapsed: !this.record?.collapsed });
  }

  pin(pinned = !this.record?.pinned): void {
    this.patch({ pinned });
  }

  getTitle(): string {
    return this.title;
  }

  serialize(): Json {
    return this.world.serialized(this);
  }

  clone(): LegacyNode | null {
    return this.world.createNode(this.type);
  }

  changeMode(mode: number): boolean {
    this.mode = mode;
    return true;
  }

  getBounding(): [number, number, number, number] {
    const [x, y] = this.pos;
    return [x, y - 28, this.size[0], this.size[1] + 28];
  }
}
