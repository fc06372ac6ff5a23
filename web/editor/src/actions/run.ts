import type { Action } from "./action";

export const runActions: readonly Action[] = [
  {
    id: "run",
    label: "Run",
    keys: ["Ctrl+Enter"],
    everywhere: true,
    run: ({ runner }) => void runner.queue(),
  },
  {
    id: "interrupt",
    label: "Interrupt",
    keys: ["Ctrl+Alt+Enter"],
    everywhere: true,
    run: ({ runner }) => void runner.interrupt(),
  },
];
