/** The panels that the editor itself has, in the order of the rail. */
import {
  Blocks,
  Box,
  CircleHelp,
  FolderOpen,
  History,
  Images,
  LayoutTemplate,
  SlidersHorizontal,
  SquareTerminal,
} from "lucide-react";
import { GalleryPanel } from "../features/gallery/GalleryPanel";
import { HelpPanel } from "../features/help/HelpPanel";
import { QueuePanel } from "../features/history/QueuePanel";
import { LibraryPanel } from "../features/library/LibraryPanel";
import { LogPanel } from "../features/logs/LogPanel";
import { ModelLibraryPanel } from "../features/modelLibrary/ModelLibraryPanel";
import { NodeLibraryPanel } from "../features/nodeLibrary/NodeLibraryPanel";
import type { Panel } from "../features/panels/panels";
import { PropertiesPanel } from "../features/properties/PropertiesPanel";
import { TemplatesPanel } from "../features/templates/TemplatesPanel";
import { t } from "../lib/t";

export const BUILT_IN: readonly Panel[] = [
  { id: "nodes", title: () => t("Nodes"), side: "left", Icon: Blocks, Content: NodeLibraryPanel },
  { id: "models", title: () => t("Models"), side: "left", Icon: Box, Content: ModelLibraryPanel },
  { id: "workflows", title: () => t("Workflows"), side: "left", Icon: FolderOpen, Content: LibraryPanel },
  { id: "outputs", title: () => t("Outputs"), side: "left", Icon: Images, Content: GalleryPanel },
  {
    id: "templates",
    title: () => t("Templates"),
    side: "left",
    Icon: LayoutTemplate,
    Content: TemplatesPanel,
  },
  { id: "logs", title: () => t("Log"), side: "left", Icon: SquareTerminal, Content: LogPanel },
  {
    id: "properties",
    title: () => t("Properties"),
    side: "right",
    Icon: SlidersHorizontal,
    Content: PropertiesPanel,
  },
  { id: "help", title: () => t("Help"), side: "right", Icon: CircleHelp, Content: HelpPanel },
  { id: "queue", title: () => t("Queue and history"), side: "right", Icon: History, Content: QueuePanel },
];
