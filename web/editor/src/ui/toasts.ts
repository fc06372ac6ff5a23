/** Messages that stay in a corner until they are read. */
import { createStore } from "zustand/vanilla";

export interface ToastItem {
  readonly title: string;
  readonly detail: string;
  /** Brings the person to what it is about. */
  readonly show?: () => void;
}

export interface Toast {
  readonly id: number;
  readonly kind: "info" | "error";
  readonly title: string;
  readonly body?: string;
  readonly items?: readonly ToastItem[];
  /** Long text, folded away. */
  readonly report?: string;
  readonly action?: { readonly label: string; readonly run: () => void };
  /** A new toast with the same topic takes the place of the old one. */
  readonly topic?: string;
}

interface Toasts {
  readonly list: readonly Toast[];
}

const INFO_SECONDS = 5;
let nextId = 1;

export const toasts = createStore<Toasts>(() => ({ list: [] }));

/** Answers its id. */
export function showToast(toast: Omit<Toast, "id">): number {
  const id = nextId++;
  const others = toasts.getState().list.filter((other) => !toast.topic || other.topic !== toast.topic);
  toasts.setState({ list: [...others, { ...toast, id }].slice(-4) });
  if (toast.kind === "info" && !toast.action) setTimeout(() => closeToast(id), INFO_SECONDS * 1000);
  return id;
}

export function isShown(id: number): boolean {
  return toasts.getState().list.some((toast) => toast.id === id);
}

/** It says something else now; nothing when it was closed. */
export function changeToast(id: number, change: Partial<Omit<Toast, "id">>): void {
  toasts.setState(({ list }) => ({
    list: list.map((toast) => (toast.id === id ? { ...toast, ...change } : toast)),
  }));
}

export function closeToast(id: number): void {
  toasts.setState(({ list }) => ({ list: list.filter((toast) => toast.id !== id) }));
}

export function closeTopic(topic: string): void {
  toasts.setState(({ list }) => ({ list: list.filter((toast) => toast.topic !== topic) }));
}
