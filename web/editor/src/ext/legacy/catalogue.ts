/** The catalogue of nodes with what packs make of it: changed definitions, widgets for types, classes of their own. */
import { type NodeDef, type NodeDefs, parseObjectInfo } from "../../graph/nodeDefs";
import { type CustomSpec, customTypes } from "../../graph/widgets";
import { isObject, type Json } from "../../lib/json";
import type { LegacyApp } from "./app";
import { ComfyWidgets } from "./comfyWidgets";
import { invokeInTurn, invokeOne, registered } from "./extensions";
import type { PageNode } from "./liteGraph";
import { LegacyNode } from "./node";
import type { LegacyWorld, NodeClass, WidgetMaker } from "./world";

/** The place of a widget that its pack makes when the node appears. */
const PLACE: CustomSpec = { kind: "custom", default: null, view: "", height: 24, grows: false };

export class PackCatalogue {
  private readonly pageNodes = new Map<string, PageNode>();
  private begun = false;

  constructor(
    private readonly world: LegacyWorld,
    private readonly app: LegacyApp,
  ) {}

  get hasPageNodes(): boolean {
    return this.pageNodes.size > 0;
  }

  /** Widgets for types, and classes that live in the page. */
  async begin(): Promise<void> {
    for (const makers of await invokeInTurn("getCustomWidgets", this.app)) {
      for (const [type, make] of Object.entries(makers as Record<string, WidgetMaker>)) {
        ComfyWidgets[type] = make as never;
        this.world.widgetMakers.set(type, make);
        if (!BUILT_IN.has(type)) customTypes.set(type, PLACE);
      }
    }
    await invokeInTurn("registerCustomNodes", this.app);
    this.begun = true;
  }

  /** Classes and definitions from the server's answer. */
  async read(body: Json): Promise<NodeDefs> {
    const all = (isObject(body) ? body : {}) as Record<string, Json>;
    await invokeInTurn("addCustomNodeDefs", all, this.app);
    const withHook = registered.filter(({ extension }) => "beforeRegisterNodeDef" in extension);
    for (const [type, data] of Object.entries(all)) {
      if (!isObject(data)) continue;
      const Class = this.classFor(type, data);
      for (const one of withHook) await invokeOne(one, "beforeRegisterNodeDef", [Class, data, this.app]);
      this.world.classes.set(type, Class);
    }
    const defs = new Map(parseObjectInfo(all).defs);
    for (const node of this.pageNodes.values()) {
      this.world.classes.set(node.type, node.Class);
      if (!defs.has(node.type)) defs.set(node.type, pageDef(node));
    }
    this.world.scratch.setDefs(defs);
    return defs;
  }

  private classFor(type: string, data: { readonly [key: string]: Json | undefined }): NodeClass {
    const Class = class extends LegacyNode {};
    Class.type = type;
    Class.comfyClass = type;
    Class.title = String(data.display_name ?? type);
    Class.category = String(data.category ?? "");
    Class.nodeData = data;
    return Class;
  }

  /** `LiteGraph.registerNodeType`. After the start the catalogue is read again. */
  addPageNode(node: PageNode): void {
    node.Class.type ||= node.type;
    this.pageNodes.set(node.type, node);
    this.world.classes.set(node.type, node.Class);
    if (this.begun) void this.app.refreshComboInNodes();
  }
}

const BUILT_IN = new Set(["INT", "FLOAT", "STRING", "BOOLEAN", "COMBO"]);

/** Its slots and widgets are those that its code adds when it appears. */
function pageDef({ type, Class, pack }: PageNode): NodeDef {
  return {
    type,
    title: Class.title || type,
    category: Class.category || "utils",
    description: "",
    aliases: [],
    inputs: [],
    outputs: [],
    outputNode: false,
    deprecated: false,
    experimental: false,
    pack: pack ?? "",
    pageOnly: true,
  };
}
