/** The panels that the editor itself has, in the order of the rail. */
import { FolderOpen, History } from "lucide-react";
import { QueuePanel } from "../features/history/QueuePanel";
import { LibraryPanel } from "../features/library/LibraryPanel";
import type { Panel } from "../features/panels/panels";

export const BUILT_IN: readonly Panel[] = [
  { id: "workflows", title: "Workflows", side: "left", Icon: FolderOpen, Content: LibraryPanel },
  { id: "queue", title: "Queue and history", side: "right", Icon: History, Content: QueuePanel },
];
