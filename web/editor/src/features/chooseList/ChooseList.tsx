/** One of many, chosen by typing: what those who cannot drag link, lead and branch with. */
import { useCallback, useEffect, useMemo, useState } from "react";
import type { ListRequest } from "../../actions/editor";
import { FilterList } from "../../ui/FilterList";
import { anchorOf, Popover } from "../../ui/Popover";
import { useEditor } from "../context";

export function ChooseList() {
  const editor = useEditor();
  const { engine } = editor;
  const [request, setRequest] = useState<ListRequest | null>(null);
  const close = useCallback(() => setRequest(null), []);
  useEffect(() => editor.listAsked.on(setRequest), [editor]);
  const node = request?.node;
  const anchor = useMemo(() => {
    const shell = node === undefined ? undefined : engine?.shells.element(node);
    return shell ? { ...anchorOf(shell), h: 32 } : { x: 80, y: 80 };
  }, [engine, node]);
  if (!request) return null;
  const { label, placeholder, nothing, items } = request;
  return (
    <Popover anchor={anchor} width={420} onClose={close}>
      <FilterList
        key={label}
        items={items.map((item, i) => ({ key: String(i), label: item.label }))}
        label={label}
        placeholder={placeholder}
        nothing={nothing}
        onPick={({ key }) => {
          close();
          items[Number(key)]?.run();
        }}
      />
    </Popover>
  );
}
