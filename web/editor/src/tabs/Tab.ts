/** One open workflow: its document with its history, what is selected, what runs made of it, and where one looks. */
import type { Camera } from "../canvas/camera";
import { GraphDocument } from "../graph/document";
import { isApiPrompt, readPrompt } from "../graph/formats/readPrompt";
import { readWorkflow } from "../graph/formats/readWorkflow";
import type { NodeDefs } from "../graph/nodeDefs";
import { Selection } from "../graph/selection";
import { Emitter } from "../lib/emitter";
import { randomUuid } from "../lib/ids";
import type { Json } from "../lib/json";
import { RunStatus } from "../nodes/runStatus";

/** Which workflow it is, besides what is in it. */
export interface Identity {
  readonly name: string;
  /** Where it is kept on the server; null while it is kept nowhere. */
  readonly path: string | null;
  /** Whether there is something that is not saved. */
  readonly dirty: boolean;
  /** The state of the file that it was read from or saved as last; null where that is not known. */
  readonly version: string | null;
}

export class Tab implements Identity {
  readonly doc: GraphDocument;
  readonly selection = new Selection();
  readonly status = new RunStatus();
  /** Name, path or `dirty` changed. */
  readonly renamed = new Emitter();
  /** Null until it was shown once. */
  camera: Camera | null = null;

  private name_: string;
  private path_: string | null;
  private version_: string | null;
  private revision_ = 0;
  private savedRevision: number;

  /** Throws NotAWorkflow for a file that is neither a workflow nor a prompt. */
  constructor(
    readonly id: string,
    defs: NodeDefs,
    file: Json,
    { name, path, dirty, version }: Identity,
  ) {
    this.doc = new GraphDocument(defs);
    this.load(file);
    this.name_ = name;
    this.path_ = path;
    this.version_ = version;
    this.savedRevision = dirty ? -1 : 0;
    this.doc.store.historyChanged.on(() => this.edited());
    // Whoever changes a node deals with what was wrong with it.
    this.doc.touched.on((ids) => this.status.clearProblems([...ids].map((id) => this.doc.runId(id))));
  }

  get name(): string {
    return this.name_;
  }

  get path(): string | null {
    return this.path_;
  }

  get version(): string | null {
    return this.version_;
  }

  get dirty(): boolean {
    return this.revision_ !== this.savedRevision;
  }

  /** Counts up with each edit. */
  get revision(): number {
    return this.revision_;
  }

  /** Reads the file anew, as something that is the same workflow. */
  reload(file: Json): void {
    const { dirty } = this;
    this.load(file);
    this.savedRevision = dirty ? -1 : this.revision_;
    this.renamed.emit();
  }

  rename(name: string): void {
    this.name_ = name;
    this.renamed.emit();
  }

  /** What it was at `revision` is at `path` now, and is called as its file is. */
  markSaved(path: string, name: string, revision: number, version: string | null): void {
    this.savedRevision = revision;
    this.version_ = version;
    this.movedTo(path, name);
  }

  movedTo(path: string, name: string): void {
    this.path_ = path;
    this.rename(name);
  }

  /** The file behind it is gone: what is open is kept nowhere now. */
  lostFile(): void {
    this.path_ = null;
    this.version_ = null;
    this.savedRevision = -1;
    this.renamed.emit();
  }

  /** It is another workflow from now on: what was run before was not this one. */
  becomeAnother(): void {
    this.doc.root = { ...this.doc.root, id: randomUuid() };
  }

  private load(file: Json): void {
    const { doc } = this;
    const content = isApiPrompt(file) ? readPrompt(file, doc.defs) : readWorkflow(file, doc.defs);
    this.selection.clear();
    doc.load(content);
    if (typeof doc.root.id !== "string" || !doc.root.id) this.becomeAnother();
  }

  private edited(): void {
    const wasDirty = this.dirty;
    this.revision_++;
    if (!wasDirty) this.renamed.emit();
  }
}
