import { useCallback, useEffect, useMemo, useState } from "react";
import { flushSync } from "react-dom";
import { useStore } from "zustand";
import { allActions, keysOf, keyTakenBy, registry } from "../../actions";
import { t } from "../../lib/t";
import { FilterList } from "../../ui/FilterList";
import { Popover } from "../../ui/Popover";
import { useEditor } from "../context";

const WIDTH = 520;

/** Everything that can be done, by typing a part of its name. */
export function Palette() {
  const editor = useEditor();
  const [open, setOpen] = useState(false);
  const close = useCallback(() => setOpen(false), []);
  useEffect(() => editor.asked.on((what) => what === "palette" && setOpen(true)), [editor]);
  return open ? <Commands onClose={close} /> : null;
}

function Commands({ onClose }: { readonly onClose: () => void }) {
  const editor = useEditor();
  const { added, keys } = useStore(registry);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the registry is what actions and keys come from
  const items = useMemo(
    () =>
      allActions()
        .filter(({ id }) => id !== "palette")
        .map((action) => ({
          key: action.id,
          label: action.label(),
          hint: [keysOf(action).find((key) => !keyTakenBy(action, key)), action.pack]
            .filter(Boolean)
            .join(" · "),
          words: `${action.id} ${action.pack ?? ""}`,
          disabled: action.enabled?.(editor) === false,
        })),
    [editor, added, keys],
  );
  const anchor = { x: (window.innerWidth - WIDTH) / 2, y: window.innerHeight / 8 };
  return (
    <Popover anchor={anchor} width={WIDTH} label={t("Command palette")} onClose={onClose}>
      <FilterList
        items={items}
        label={t("Command palette")}
        placeholder={t("What do you want to do?")}
        nothing={t("No command of this name")}
        onPick={({ key }) => {
          // What had the focus before has it again, and acts upon it; the next key finds it done.
          flushSync(onClose);
          allActions()
            .find((action) => action.id === key)
            ?.run(editor);
        }}
      />
    </Popover>
  );
}
