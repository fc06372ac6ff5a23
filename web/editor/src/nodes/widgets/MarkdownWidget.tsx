/** A note in Markdown: read as it is meant, written as text after a double click or Enter. */
import { useEffect, useRef, useState } from "react";
import type { TextSpec } from "../../graph/widgets";
import { t } from "../../lib/t";
import { Markdown } from "../../ui/Markdown";
import { TextWidget } from "./TextWidget";
import type { WidgetProps } from "./WidgetRow";

export function MarkdownWidget(props: WidgetProps<TextSpec>) {
  const { label, spec, value, disabled, onDone } = props;
  const [writing, setWriting] = useState(false);
  const place = useRef<HTMLDivElement>(null);
  const text = String(value ?? "");
  useEffect(() => {
    const area = writing ? place.current?.querySelector("textarea") : null;
    area?.focus();
    area?.setSelectionRange(area.value.length, area.value.length);
  }, [writing]);

  if (writing) {
    const done = () => {
      onDone();
      setWriting(false);
    };
    return (
      <div ref={place} className="field-note">
        <TextWidget {...props} onDone={done} />
      </div>
    );
  }
  const write = () => !disabled && setWriting(true);
  return (
    // biome-ignore lint/a11y/useSemanticElements: a section has no name that is read out
    <div
      className="field field-markdown"
      role="group"
      aria-label={t("{label}: Enter to write", { label })}
      data-scrolls
      // biome-ignore lint/a11y/noNoninteractiveTabindex: Enter begins to write here
      tabIndex={0}
      onDoubleClick={(e) => {
        e.stopPropagation();
        write();
      }}
      onClick={() => !text && write()}
      onKeyDown={(e) => {
        if (e.key !== "Enter" || e.target !== e.currentTarget) return;
        e.preventDefault();
        e.stopPropagation();
        write();
      }}
    >
      {text.trim() ? <Markdown text={text} /> : <p className="panel-quiet">{spec.placeholder || label}</p>}
    </div>
  );
}
