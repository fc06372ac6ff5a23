import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Socket } from "./socket";

class FakeWebSocket {
  static last: FakeWebSocket;
  readonly sent: string[] = [];
  binaryType = "";
  onopen: () => void = () => {};
  onmessage: (event: { data: unknown }) => void = () => {};
  onclose: () => void = () => {};

  constructor(readonly url: string) {
    FakeWebSocket.last = this;
  }

  send(frame: string): void {
    this.sent.push(frame);
  }

  close(): void {}
}

beforeEach(() => void vi.stubGlobal("WebSocket", FakeWebSocket));
afterEach(() => void vi.unstubAllGlobals());

describe("the line to the server", () => {
  it("says first what the editor understands", () => {
    new Socket("me", null, "ws://here/ws").start();
    FakeWebSocket.last.onopen();
    const [first] = FakeWebSocket.last.sent.map((frame) => JSON.parse(frame));
    expect(first).toEqual({
      type: "feature_flags",
      data: {
        supports_preview_metadata: true,
        supports_progress_text_metadata: false,
        supports_progress_changes: true,
        supports_message_lists: true,
      },
    });
  });

  it("takes several messages in one frame", () => {
    const socket = new Socket("me", null, "ws://here/ws");
    const heard: unknown[] = [];
    socket.message.on((message) => heard.push(message));
    socket.start();
    FakeWebSocket.last.onmessage({
      data: '[{"type":"execution_start","data":{"prompt_id":"p"}},5,{"type":"execution_success","data":{"prompt_id":"p"}}]',
    });
    expect(heard).toEqual([
      { type: "execution_start", promptId: "p" },
      { type: "execution_success", promptId: "p" },
    ]);
  });

  it("passes on messages and outlives those that cannot be read", () => {
    vi.spyOn(console, "warn").mockImplementation(() => {});
    const socket = new Socket("me", null, "ws://here/ws");
    const heard: unknown[] = [];
    socket.message.on((message) => heard.push(message));
    socket.start();
    FakeWebSocket.last.onmessage({ data: "{" });
    FakeWebSocket.last.onmessage({
      data: '{"type":"progress_state","data":{"prompt_id":"p","nodes":{"2":{"value":3,"max":9,"state":"running","display_node_id":"2"}}}}',
    });
    expect(heard).toEqual([
      { type: "progress_state", promptId: "p", nodes: [{ id: "2", value: 3, max: 9, state: "running" }] },
    ]);
  });

  it("asks for what it missed when it is opened again, and after a reload", () => {
    vi.useFakeTimers();
    const socket = new Socket("me", null, "ws://here/ws");
    socket.start();
    expect(FakeWebSocket.last.url).toBe("ws://here/ws?clientId=me");
    const say = (seq: number, data = {}) =>
      FakeWebSocket.last.onmessage({ data: JSON.stringify({ type: "status", data, seq }) });
    say(7, { sid: "me" });
    say(9);
    FakeWebSocket.last.onclose();
    vi.runOnlyPendingTimers();
    expect(FakeWebSocket.last.url).toBe("ws://here/ws?clientId=me&since=9");
    say(20, { sid: "me" });
    expect(socket.lastHeard).toBe(9);
    say(10);
    expect(socket.lastHeard).toBe(10);
    vi.useRealTimers();
    new Socket("me", 10, "ws://here/ws").start();
    expect(FakeWebSocket.last.url).toBe("ws://here/ws?clientId=me&since=10");
  });
});
