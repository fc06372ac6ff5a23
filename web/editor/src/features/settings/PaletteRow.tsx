import { useEffect, useState } from "react";
import { t } from "../../lib/t";
import { Button } from "../../ui/Button";
import { useEditor } from "../context";
import { EXAMPLE, loadPalette, savePalette } from "./palette";

/** A field for the colours of a person's own, which hold once they are taken. */
export function PaletteRow() {
  const { api, engine } = useEditor();
  const [text, setText] = useState("");
  const [problem, setProblem] = useState("");
  const { style } = document.documentElement;
  useEffect(() => {
    loadPalette(api, document.documentElement.style).then(setText, () => {});
  }, [api]);
  const keep = (next: string) =>
    savePalette(api, next, style).then(
      () => {
        setProblem("");
        engine?.themeChanged();
      },
      (error: Error) => setProblem(error.message),
    );
  return (
    <details className="palette-setting">
      <summary>{t("Colours of your own")}</summary>
      <textarea
        aria-label={t("Palette as JSON")}
        aria-describedby="palette-problem"
        placeholder={EXAMPLE}
        rows={5}
        spellCheck={false}
        value={text}
        onChange={(e) => setText(e.target.value)}
      />
      <p id="palette-problem" className="dialog-problem" role="status">
        {problem}
      </p>
      <div className="dialog-actions">
        <Button
          onClick={() => {
            setText("");
            void keep("");
          }}
        >
          {t("Reset")}
        </Button>
        <Button kind="plain" onClick={() => void keep(text)}>
          {t("Use these colours")}
        </Button>
      </div>
    </details>
  );
}
