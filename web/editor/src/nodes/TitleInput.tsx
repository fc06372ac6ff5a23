import { useLayoutEffect, useRef } from "react";

interface Props {
  readonly label: string;
  readonly title: string;
  /** With the new title, or null when it stays as it was. */
  readonly onDone: (title: string | null) => void;
}

/** A title being edited: Enter or leaving keeps it, Esc does not. */
export function TitleInput({ label, title, onDone }: Props) {
  const input = useRef<HTMLInputElement>(null);
  const finished = useRef(false);
  // Before the next key, which may be under way already.
  useLayoutEffect(() => {
    input.current?.focus({ preventScroll: true });
    input.current?.select();
  }, []);
  const finish = (keep: boolean) => {
    if (finished.current) return;
    finished.current = true;
    const text = input.current?.value ?? title;
    onDone(keep && text !== title ? text : null);
  };
  return (
    <input
      ref={input}
      className="title-input"
      aria-label={label}
      defaultValue={title}
      spellCheck={false}
      onBlur={() => finish(true)}
      onKeyDown={(e) => {
        e.stopPropagation();
        if (e.nativeEvent.isComposing) return;
        if (e.key !== "Enter" && e.key !== "Escape") return;
        // The keyboard goes on from the thing that was named, not from the top of the page.
        const owner = e.currentTarget.closest<HTMLElement>("[data-node-root], .canvas");
        finish(e.key === "Enter");
        owner?.focus({ preventScroll: true });
      }}
    />
  );
}
