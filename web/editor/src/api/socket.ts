/**
 * The line on which the server reports. It is opened again when it breaks, at growing intervals. Messages are numbered; the
 * server tells again what came after the last one that was heard, so nothing is missed.
 */
import { Emitter } from "../lib/emitter";
import { readBinaryFrame } from "./binaryFrames";
import { type RawMessage, readFrame, type ServerMessage, understand } from "./messages";

export type Connection = "connecting" | "open" | "lost";

export interface EventLine {
  readonly clientId: string;
  readonly connection: Connection;
  readonly connectionChanged: Emitter<Connection>;
  readonly message: Emitter<ServerMessage>;
  /** Every message that is JSON, as it came; heard after `message`. */
  readonly raw: Emitter<RawMessage>;
  start(): void;
  close(): void;
}

const FIRST_RETRY = 500;
const LAST_RETRY = 8000;

/** The first thing the server hears: what we understand. */
const HELLO = JSON.stringify({
  type: "feature_flags",
  data: {
    supports_preview_metadata: true,
    supports_progress_text_metadata: false,
    supports_progress_changes: true,
    supports_message_lists: true,
  },
});

export class Socket implements EventLine {
  readonly connectionChanged = new Emitter<Connection>();
  readonly message = new Emitter<ServerMessage>();
  readonly raw = new Emitter<RawMessage>();
  connection: Connection = "connecting";

  private socket: WebSocket | null = null;
  private retry = FIRST_RETRY;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private closed = false;

  constructor(
    readonly clientId: string,
    /** The number of the last message that was heard before the page was loaded again. */
    private heard: number | null = null,
    private readonly url: string = socketUrl(),
  ) {}

  get lastHeard(): number | null {
    return this.heard;
  }

  start(): void {
    this.closed = false;
    const socket = new WebSocket(this.address());
    socket.binaryType = "arraybuffer";
    socket.onopen = () => {
      socket.send(HELLO);
      this.retry = FIRST_RETRY;
      this.report("open");
    };
    socket.onmessage = ({ data }) => this.receive(data);
    socket.onclose = () => {
      if (this.closed || socket !== this.socket) return;
      this.report("lost");
      this.timer = setTimeout(() => this.start(), this.retry);
      this.retry = Math.min(LAST_RETRY, this.retry * 2);
    };
    this.socket = socket;
  }

  close(): void {
    this.closed = true;
    clearTimeout(this.timer);
    this.socket?.close();
  }

  private receive(data: unknown): void {
    try {
      if (typeof data !== "string") this.tell(readBinaryFrame(data as ArrayBuffer));
      else for (const raw of readFrame(data)) this.hear(raw);
    } catch (error) {
      console.warn("A message of the server could not be read", error);
    }
  }

  private hear(raw: RawMessage): void {
    // The greeting has the number of the newest message, before those that were missed have come.
    if (raw.seq !== undefined && (raw.data.sid === undefined || this.heard === null)) this.heard = raw.seq;
    this.tell(understand(raw));
    this.raw.emit(raw);
  }

  private tell(message: ServerMessage | null): void {
    if (message) this.message.emit(message);
  }

  private address(): string {
    const query = new URLSearchParams({ clientId: this.clientId });
    if (this.heard !== null) query.set("since", String(this.heard));
    return `${this.url}?${query}`;
  }

  private report(connection: Connection): void {
    if (connection === this.connection) return;
    this.connection = connection;
    this.connectionChanged.emit(connection);
  }
}

function socketUrl(): string {
  const url = new URL("ws", document.baseURI);
  url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  url.search = "";
  return url.href;
}
