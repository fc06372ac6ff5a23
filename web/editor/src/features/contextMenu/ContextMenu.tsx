import { useCallback, useEffect, useState } from "react";
import { type MenuContent, menuOpened } from "../../actions/packMenus";
import type { MenuRequest } from "../../canvas/requests";
import { Menu } from "../../ui/Menu";
import { useEditor } from "../context";
import { menuFor } from "./items";

interface Open extends MenuContent {
  readonly page: MenuRequest["page"];
}

/** Opens where something on the canvas was right-clicked, held, or asked about with the menu key. */
export function ContextMenu() {
  const editor = useEditor();
  const { engine } = editor;
  const [menu, setMenu] = useState<Open | null>(null);
  const close = useCallback(() => setMenu(null), []);
  useEffect(
    () =>
      engine?.menuAsked.on((request) => {
        const { page } = request;
        const open = (content: MenuContent) => setMenu({ ...content, page });
        open(menuFor(editor, engine, request, open));
      }),
    [editor, engine],
  );
  useEffect(() => menuOpened.on(setMenu), []);
  if (!menu) return null;
  // Another menu in the same place begins anew, with the keyboard on its first item.
  const { label, items, page } = menu;
  return <Menu key={label} anchor={page} label={label} items={items} onClose={close} />;
}
