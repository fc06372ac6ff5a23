/** What happens to a value after it has been queued, and the way back to the last one. */
import { ArrowDown, ArrowUp, Dices, History, Lock, Repeat } from "lucide-react";
import { useRef, useState } from "react";
import { nextValue } from "../../graph/controls";
import { setControl, setValue } from "../../graph/edit";
import type { ControlMode, NodeId } from "../../graph/records";
import type { WidgetSpec } from "../../graph/widgets";
import { type Label, t } from "../../lib/t";
import { Menu, type MenuItem } from "../../ui/Menu";
import { type Anchor, anchorOf } from "../../ui/Popover";
import { useServices } from "../services";

const MODES: readonly { mode: ControlMode; label: Label; Icon: typeof Lock }[] = [
  { mode: "fixed", label: () => t("Keep as it is"), Icon: Lock },
  { mode: "randomize", label: () => t("Random for each run"), Icon: Dices },
  { mode: "increment", label: () => t("One up for each run"), Icon: ArrowUp },
  { mode: "decrement", label: () => t("One down for each run"), Icon: ArrowDown },
];

interface Props {
  readonly id: NodeId;
  readonly name: string;
  readonly label: string;
  readonly spec: WidgetSpec;
  readonly mode: ControlMode;
  readonly disabled: boolean;
}

export function SeedControl({ id, name, label, spec, mode, disabled }: Props) {
  const { doc, status } = useServices();
  const button = useRef<HTMLButtonElement>(null);
  const [anchor, setAnchor] = useState<Anchor | null>(null);
  const shown = MODES.find((entry) => entry.mode === mode);
  const meaning = shown?.label() ?? mode;
  const Icon = shown?.Icon ?? Repeat;
  const last = status.lastQueued(id, name);
  const items: MenuItem[] = [
    ...MODES.map(({ mode: other, label: text, Icon: Sign }) => ({
      label: text(),
      icon: <Sign size={14} aria-hidden />,
      checked: other === mode,
      run: () => setControl(doc, id, name, other),
    })),
    {
      label: t("Draw a new one now"),
      icon: <Dices size={14} aria-hidden />,
      separated: true,
      run: () => setValue(doc, id, name, nextValue(spec, 0, "randomize", Math.random)),
    },
    {
      label: t("Use the last one again"),
      hint: last === undefined ? "" : String(last),
      icon: <History size={14} aria-hidden />,
      disabled: last === undefined,
      run: () => {
        if (last === undefined) return;
        doc.transact(`Change ${name}`, () => {
          setValue(doc, id, name, last);
          setControl(doc, id, name, "fixed");
        });
      },
    },
  ];
  return (
    <>
      <button
        ref={button}
        type="button"
        className="field-side"
        data-mode={mode}
        disabled={disabled}
        aria-label={t("Between runs, {label}: {mode}", { label, mode: meaning })}
        title={meaning}
        aria-haspopup="menu"
        onClick={() => button.current && setAnchor(anchorOf(button.current))}
      >
        <Icon size={14} aria-hidden />
      </button>
      {anchor && (
        <Menu
          anchor={anchor}
          label={t("Between runs, {label}", { label })}
          items={items}
          onClose={() => setAnchor(null)}
        />
      )}
    </>
  );
}
