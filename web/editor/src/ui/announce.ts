/** Sentences for screen readers: what has just been done where a sighted person sees it. */
import { createStore } from "zustand/vanilla";

export const announcements = createStore<{ readonly text: string }>(() => ({ text: "" }));

export function announce(text: string): void {
  announcements.setState({ text });
}
