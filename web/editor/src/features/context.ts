import { createContext, useContext } from "react";
import type { Editor } from "../actions/editor";
import type { RunStore } from "./run/runStore";
import type { SettingsStore } from "./settings/settings";

export interface Features {
  readonly editor: Editor;
  readonly run: RunStore;
  readonly settings: SettingsStore;
}

export const FeaturesContext = createContext<Features | null>(null);

export function useFeatures(): Features {
  const features = useContext(FeaturesContext);
  if (!features) throw new Error("This part of the page needs an open editor");
  return features;
}

export function useEditor(): Editor {
  return useFeatures().editor;
}
