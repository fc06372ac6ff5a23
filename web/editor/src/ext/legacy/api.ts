/** `api` of `/scripts/api.js`: requests to the server, and its messages as events. */
import type { Editor } from "../../actions/editor";
import type { RawMessage } from "../../api/messages";
import type { QueueAnswer } from "../../api/types";
import { callingPack } from "../../features/packs/packs";
import { guarded } from "../guard";

type Listener = ((event: Event) => void) | EventListenerObject | null;

export interface Prompt {
  output: unknown;
  workflow: unknown;
}

export class LegacyApi extends EventTarget {
  api_base = "";
  api_host = location.host;
  user = "";
  initialClientId: string | null;
  /** Sends what is made; set while a run is being queued. */
  send: ((made: Prompt) => Promise<QueueAnswer>) | null = null;
  private readonly wrapped = new WeakMap<object, (event: Event) => void>();

  constructor(private readonly editor: Editor) {
    super();
    this.initialClientId = editor.line.clientId;
    editor.line.raw.on((message) => this.hear(message));
    editor.line.message.on((message) => {
      if (message.type === "preview") this.tell("b_preview", message.image);
    });
    editor.line.connectionChanged.on((connection) => {
      if (connection === "lost") this.tell("reconnecting", undefined);
      if (connection === "open") this.tell("reconnected", undefined);
    });
  }

  get clientId(): string {
    return this.editor.line.clientId;
  }

  /** A listener that throws is named, and the others hear the event all the same. */
  override addEventListener(
    type: string,
    listener: Listener,
    options?: AddEventListenerOptions | boolean,
  ): void {
    if (!listener) return;
    const pack = callingPack();
    const heard = (event: Event) => {
      const call = () =>
        typeof listener === "function" ? listener.call(this, event) : listener.handleEvent(event);
      guarded(`the event ${type}`, pack, call);
    };
    this.wrapped.set(listener, heard);
    super.addEventListener(type, heard, options);
  }

  override removeEventListener(
    type: string,
    listener: Listener,
    options?: EventListenerOptions | boolean,
  ): void {
    const heard = listener && this.wrapped.get(listener);
    if (heard) super.removeEventListener(type, heard, options);
  }

  addCustomEventListener(type: string, listener: Listener): void {
    this.addEventListener(type, listener);
  }

  dispatchCustomEvent(type: string, detail?: unknown): boolean {
    return this.tell(type, detail);
  }

  private tell(type: string, detail: unknown): boolean {
    return this.dispatchEvent(new CustomEvent(type, { detail }));
  }

  private hear({ type, data }: RawMessage): void {
    if (type === "executing") this.tell(type, data.display_node ?? data.node ?? null);
    else this.tell(type, type === "status" ? (data.status ?? null) : data);
  }

  apiURL(route: string): string {
    return `/api${route}`;
  }

  internalURL(route: string): string {
    return `/internal${route}`;
  }

  fileURL(route: string): string {
    return route;
  }

  fetchApi(route: string, options: RequestInit = {}): Promise<Response> {
    return fetch(this.apiURL(route), { cache: "no-cache", ...options });
  }

  /** Packs put their own function in the place of this one, to change a prompt or to hear of it. */
  async queuePrompt(_number: number, made: Prompt): Promise<object> {
    const send = this.send ?? ((one: Prompt) => this.sendAlone(one));
    const { promptId, nodeErrors } = await send(made);
    return { prompt_id: promptId, number: 0, node_errors: Object.fromEntries(nodeErrors) };
  }

  private sendAlone({ output, workflow }: Prompt): Promise<QueueAnswer> {
    const extra_data = { extra_pnginfo: { workflow } };
    return this.editor.api.queuePrompt({ prompt: output, client_id: this.clientId, extra_data } as never);
  }

  async getNodeDefs(): Promise<unknown> {
    return this.json("/object_info");
  }

  async getExtensions(): Promise<unknown> {
    return this.json("/extensions");
  }

  async getEmbeddings(): Promise<unknown> {
    return this.json("/embeddings");
  }

  async getSystemStats(): Promise<unknown> {
    return this.json("/system_stats");
  }

  async getQueue(): Promise<unknown> {
    return this.json("/queue");
  }

  async getHistory(count = 200): Promise<unknown> {
    return this.json(`/history?max_items=${count}`);
  }

  async getSettings(): Promise<unknown> {
    return this.json("/settings");
  }

  async getSetting(id: string): Promise<unknown> {
    return this.json(`/settings/${encodeURIComponent(id)}`);
  }

  async storeSetting(id: string, value: unknown): Promise<Response> {
    return this.fetchApi(`/settings/${encodeURIComponent(id)}`, {
      method: "POST",
      body: JSON.stringify(value),
    });
  }

  async storeSettings(settings: object): Promise<Response> {
    return this.fetchApi("/settings", { method: "POST", body: JSON.stringify(settings) });
  }

  async getUserData(file: string, options?: RequestInit): Promise<Response> {
    return this.fetchApi(`/userdata/${encodeURIComponent(file)}`, options);
  }

  async storeUserData(
    file: string,
    data: unknown,
    options: { overwrite?: boolean; stringify?: boolean } = {},
  ) {
    const { overwrite = true, stringify = true } = options;
    const body = stringify ? JSON.stringify(data) : (data as BodyInit);
    return this.fetchApi(`/userdata/${encodeURIComponent(file)}?overwrite=${overwrite}`, {
      method: "POST",
      body,
    });
  }

  async deleteUserData(file: string): Promise<Response> {
    return this.fetchApi(`/userdata/${encodeURIComponent(file)}`, { method: "DELETE" });
  }

  async listUserDataFullInfo(folder: string): Promise<unknown> {
    const query = new URLSearchParams({ dir: folder, recurse: "true", full_info: "true" });
    const response = await this.fetchApi(`/userdata?${query}`);
    return response.ok ? response.json() : [];
  }

  async interrupt(): Promise<void> {
    await this.editor.runner.interrupt();
  }

  async clearItems(type: string): Promise<void> {
    await this.fetchApi(`/${type}`, { method: "POST", body: JSON.stringify({ clear: true }) });
  }

  async deleteItem(type: string, id: string): Promise<void> {
    await this.fetchApi(`/${type}`, { method: "POST", body: JSON.stringify({ delete: [id] }) });
  }

  private async json(route: string): Promise<unknown> {
    return (await this.fetchApi(route)).json();
  }
}
