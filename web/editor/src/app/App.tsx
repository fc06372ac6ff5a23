/** From the first moment to the open editor: connecting, no server, no nodes, ready. */
import { Plug, Puzzle, RotateCw } from "lucide-react";
import { type ReactNode, useEffect, useState, useSyncExternalStore } from "react";
import { HttpApi } from "../api/http";
import { Socket } from "../api/socket";
import { SettingsStore } from "../features/settings/settings";
import { randomId } from "../lib/ids";
import { locale, localeChanged, t } from "../lib/t";
import { Drafts } from "../tabs/drafts";
import { Button } from "../ui/Button";
import { createEditor, loadDefs, type OpenEditor } from "./createEditor";
import { loadPersonal } from "./loadPersonal";
import { startPacks } from "./startPacks";
import { Workspace } from "./Workspace";

type Stage =
  | { readonly name: "connecting" }
  | { readonly name: "unreachable"; readonly reason: string }
  | { readonly name: "noNodes" }
  | { readonly name: "ready"; readonly editor: OpenEditor };

const RETRY = 2000;
const HEARD_KEY = "easel.heard";

function lastHeard(): number | null {
  return Number(sessionStorage.getItem(HEARD_KEY)) || null;
}

export function App() {
  const [stage, setStage] = useState<Stage>({ name: "connecting" });
  const [attempt, setAttempt] = useState(0);
  const ready = stage.name === "ready";
  // In another language everything is said anew.
  useSyncExternalStore(localeChanged.on, locale);

  // biome-ignore lint/correctness/useExhaustiveDependencies: a new attempt is asked for by counting up
  useEffect(() => {
    if (ready) return;
    let current = true;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const again = () => {
      if (current) timer = setTimeout(() => setAttempt((n) => n + 1), RETRY);
    };
    start().then(
      (editor) => {
        if (!current) editor?.destroy();
        else if (editor) {
          setStage({ name: "ready", editor });
          startPacks(editor).catch((error) => console.warn("The packs cannot be loaded", error));
        } else {
          setStage({ name: "noNodes" });
          again();
        }
      },
      (error: Error) => {
        if (current) setStage({ name: "unreachable", reason: error.message });
        again();
      },
    );
    return () => {
      current = false;
      clearTimeout(timer);
    };
  }, [attempt, ready]);

  const retry = () => setAttempt(attempt + 1);
  switch (stage.name) {
    case "ready":
      return <Workspace editor={stage.editor} />;
    case "connecting":
      return <Waiting title={t("Connecting to the server")} text={t("The nodes are being read.")} busy />;
    case "unreachable":
      return (
        <Waiting
          icon={<Plug size={28} strokeWidth={1.5} aria-hidden />}
          title={t("The server does not answer")}
          text={t("{reason}. Start it with “python main.py”; this page goes on by itself.", {
            reason: stage.reason,
          })}
          onRetry={retry}
        />
      );
    case "noNodes":
      return (
        <Waiting
          icon={<Puzzle size={28} strokeWidth={1.5} aria-hidden />}
          title={t("No nodes yet")}
          text={t("The server runs, but its nodes are still being loaded. This page goes on by itself.")}
          onRetry={retry}
        />
      );
  }
}

/** Null while the server has no nodes. */
async function start(): Promise<OpenEditor | null> {
  const api = new HttpApi();
  const settings = new SettingsStore(api);
  const [defs, memory] = await Promise.all([
    loadDefs(api),
    Drafts.open().catch(() => null),
    loadPersonal(api, settings),
  ]);
  if (!defs.size) return null;
  // The same after a reload, so that the run that is under way goes on reporting to this window.
  const line = new Socket(memory?.drafts.window ?? randomId(), lastHeard());
  window.addEventListener("pagehide", () => sessionStorage.setItem(HEARD_KEY, String(line.lastHeard ?? "")));
  const editor = createEditor(api, line, defs, memory, settings);
  line.start();
  return editor;
}

interface WaitingProps {
  readonly title: string;
  readonly text: string;
  readonly icon?: ReactNode;
  readonly busy?: boolean;
  readonly onRetry?: () => void;
}

function Waiting({ title, text, icon, busy, onRetry }: WaitingProps) {
  return (
    <main className="waiting" aria-busy={busy}>
      {icon ?? <span className="waiting-dots" aria-hidden />}
      <h1>{title}</h1>
      <p>{text}</p>
      {onRetry && (
        <Button kind="plain" icon={<RotateCw size={14} aria-hidden />} onClick={onRetry}>
          {t("Try now")}
        </Button>
      )}
    </main>
  );
}
