/** What an extension of version 1 works with: views of the graph, edits in transactions, events. */
import type { Editor } from "../../actions/editor";
import { openPanel } from "../../features/panels/panels";
import { packSetting, setPackSetting } from "../../features/settings/packSettings";
import type { GraphDocument } from "../../graph/document";
import { addNode, connect, disconnect, removeNodes, setTitle, setValue } from "../../graph/edit";
import { writeWorkflow } from "../../graph/formats/writeWorkflow";
import { type LinkRecord, Mode } from "../../graph/records";
import { showToast } from "../../ui/toasts";
import { guarded } from "../guard";
import { onDocument } from "../shown";
import type { Context, Events, Graph, LinkView, NodeView, Transaction } from "./types";

const MODES = { normal: 0, muted: Mode.muted, bypassed: Mode.bypassed } as const;

export function makeContext(editor: Editor, pack: string): Context {
  const url = (route: string) => `/api${route.startsWith("/") ? route : `/${route}`}`;
  return {
    graph: makeGraph(editor),
    selection: {
      get ids() {
        return [...editor.selection.ids];
      },
      set: (ids) => editor.selection.set(ids),
    },
    settings: { get: packSetting, set: setPackSetting },
    events: makeEvents(editor, pack),
    api: { url, fetch: (route, options) => fetch(url(route), options) },
    ui: {
      message: (title, body) => showToast({ kind: "info", title, body }),
      error: (title, body) => showToast({ kind: "error", title, body }),
      show: (node) => editor.reveal(node),
      openPanel,
    },
    run: async (count = 1) => void (await editor.runner.queue({ count })),
  };
}

function makeGraph(editor: Editor): Graph {
  return {
    nodes: () => [...editor.doc.nodes()].flatMap(({ id }) => nodeView(editor.doc, id) ?? []),
    node: (id) => nodeView(editor.doc, String(id)),
    links: () => [...editor.doc.links()].map(linkView),
    toJSON: () => writeWorkflow(editor.doc),
    transact<T>(label: string, edit: (tx: Transaction) => T): T {
      const { doc } = editor;
      let result: T | undefined;
      doc.transact(label, () => {
        result = edit(makeTransaction(doc));
      });
      return result as T;
    },
  };
}

function makeTransaction(doc: GraphDocument): Transaction {
  const patch = (id: string, change: object) =>
    doc.transact("Change node", (tx) => {
      const node = doc.node(id);
      if (!node) throw new Error(`There is no node ${id}`);
      tx.put({ ...node, ...change });
    });
  return {
    addNode(type, pos) {
      if (!doc.defs.has(type)) throw new Error(`There is no class of nodes ${type}`);
      return addNode(doc, type, { x: pos.x, y: pos.y });
    },
    removeNode: (id) => removeNodes(doc, [id]),
    setValue(id, widget, value) {
      const known = doc.shape(id)?.widgets.some(({ name }) => name === widget);
      if (!known) throw new Error(`Node ${id} has no widget ${widget}`);
      setValue(doc, id, widget, value);
    },
    setTitle: (id, title) => setTitle(doc, id, title),
    move: (id, pos) => patch(id, { pos: { x: pos.x, y: pos.y } }),
    setMode: (id, mode) => patch(id, { mode: MODES[mode] }),
    connect: (from, to) => connect(doc, from, to),
    disconnect(to) {
      const link = doc.linkInto(to.node, to.input);
      if (link) disconnect(doc, link);
    },
  };
}

export function nodeView(doc: GraphDocument, id: string): NodeView | null {
  const [node, shape] = [doc.node(id), doc.shape(id)];
  if (!node || !shape) return null;
  const inputs = [...shape.sockets, ...shape.widgets.filter((widget) => widget.socket)];
  return {
    id,
    type: node.type,
    title: shape.title,
    pos: node.pos,
    muted: node.mode === Mode.muted,
    bypassed: node.mode === Mode.bypassed,
    values: node.values,
    inputs: inputs.map(({ name, type }) => {
      const link = doc.linkInto(id, name);
      return { name, type, link: link ? linkView(link) : null };
    }),
    outputs: shape.outputs.map(({ index, label, type }) => ({
      name: label,
      type,
      links: doc
        .linksFrom(id)
        .filter((link) => link.output === index)
        .map(linkView),
    })),
  };
}

function linkView({ from, output, to, input }: LinkRecord): LinkView {
  return { from, output, to, input };
}

function makeEvents(editor: Editor, pack: string): Events {
  const { line } = editor;
  const on = (name: string, listener: (event: never) => void): (() => void) => {
    const tell = (event: unknown) => guarded(`the event ${name}`, pack, () => listener(event as never));
    if (name.startsWith("message:")) {
      const type = name.slice("message:".length);
      return line.raw.on((message) => message.type === type && tell(message.data));
    }
    switch (name) {
      case "graph":
        return onDocument(editor, (doc) => doc.store.changed.on(() => queueMicrotask(() => tell(undefined))));
      case "selection":
        return onDocument(editor, () => editor.selection.changed.on(() => tell(undefined)));
      case "executed":
        return line.message.on((message) => {
          if (message.type === "executed")
            tell({ node: message.node, output: message.output, images: message.images });
        });
      case "run":
        return line.message.on((message) => {
          if (message.type === "execution_start") tell({ state: "started", promptId: message.promptId });
          if (message.type === "execution_success") tell({ state: "done", promptId: message.promptId });
        });
    }
    throw new Error(`There is no event ${name}`);
  };
  return { on: on as Events["on"] };
}
