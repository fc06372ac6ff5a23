/** Runs as packs hear of them, and the ways in which they change what is sent. */
import type { Editor, MadePrompt } from "../../actions/editor";
import type { RawMessage } from "../../api/messages";
import { guarded } from "../guard";
import type { LegacyApp } from "./app";
import { repaint } from "./domWidget";

export function followRuns(editor: Editor, app: LegacyApp): void {
  const { runner } = editor;
  runner.through = async (made, send) => {
    const changed = (await guarded("graphToPrompt", null, () => app.graphToPrompt())) as
      | MadePrompt
      | undefined;
    let answer: Awaited<ReturnType<typeof send>> | undefined;
    // A refusal of the server is no fault of a pack, and goes back to who asked for the run.
    let refusal: unknown;
    app.api.send = async (last) => {
      try {
        answer = await send(last as MadePrompt);
        return answer;
      } catch (error) {
        refusal = error;
        throw error;
      }
    };
    try {
      await app.api.queuePrompt(0, changed ?? made);
    } catch (error) {
      if (!refusal) guarded("queuePrompt", null, () => Promise.reject(error));
    } finally {
      app.api.send = null;
    }
    if (refusal) throw refusal;
    return answer ?? send(made);
  };
  // The app's own function leads to the runner's; a pack's in its place is asked first.
  const queue = runner.queue.bind(runner);
  runner.queue = async (request = {}) => {
    const { count = 1, front = false, part } = request;
    // Packs know nothing of runs of a part.
    if (part) return queue(request);
    return (await guarded("queuePrompt", null, () => app.queuePrompt(front ? -1 : 0, count))) ?? false;
  };
  editor.line.raw.on((message) => hear(message, app));
}

function hear({ type, data }: RawMessage, app: LegacyApp): void {
  if (type === "execution_start") for (const node of app.world.nodes) node.tell("onExecutionStart");
  if (type === "progress" || type === "executing") repaint();
  if (type !== "executed") return;
  const id = String(data.display_node ?? data.node ?? "");
  const output = data.output ?? {};
  app.nodeOutputs[id] = output;
  app.world.node(id)?.tell("onExecuted", output);
}
