/** Litegraph's menus, turned into ours: a submenu opens in the place of the menu it belongs to. */
import type { MenuContent, OpenMenu } from "../../actions/packMenus";
import type { MenuItem } from "../../ui/Menu";
import { guarded } from "../guard";

export interface LegacyMenuItem {
  readonly content?: string;
  readonly title?: string;
  readonly disabled?: boolean;
  readonly has_submenu?: boolean;
  readonly submenu?: {
    readonly options?: readonly (LegacyMenuItem | string | null)[];
    readonly title?: string;
  };
  readonly callback?: (...args: unknown[]) => unknown;
}

type Item = LegacyMenuItem | string | null | undefined;

export type RunEdit = (label: string, code: () => unknown) => void;

const plainEdit: RunEdit = (label, code) => guarded(label, null, code);

export function menuItems(
  items: readonly Item[],
  node: unknown,
  open: OpenMenu,
  edit: RunEdit = plainEdit,
): MenuItem[] {
  const result: MenuItem[] = [];
  let separated = false;
  for (const item of items) {
    if (item === null || item === undefined) {
      separated = result.length > 0;
      continue;
    }
    result.push({
      ...menuItem(typeof item === "string" ? { content: item } : item, node, open, edit),
      separated,
    });
    separated = false;
  }
  return unique(result);
}

function menuItem(item: LegacyMenuItem, node: unknown, open: OpenMenu, edit: RunEdit): MenuItem {
  const label = plainText(item.content ?? item.title ?? "");
  const { options } = item.submenu ?? {};
  if (options) {
    const run = () => open({ label, items: menuItems(options, node, open, edit) });
    return { label: `${label}…`, run, disabled: item.disabled };
  }
  const run = () => {
    const event = new MouseEvent("click", { clientX: 0, clientY: 0 });
    edit(label, () => item.callback?.call(item, item, { node }, event, null, node));
  };
  return { label, run, disabled: item.disabled || !item.callback };
}

/** The content of a menu may be HTML. */
function plainText(html: string): string {
  if (!html.includes("<")) return html;
  return new DOMParser().parseFromString(html, "text/html").body.textContent?.trim() ?? "";
}

/** Our menus tell their items apart by their names. */
function unique(items: readonly MenuItem[]): MenuItem[] {
  const seen = new Map<string, number>();
  return items.map((item) => {
    const count = (seen.get(item.label) ?? 0) + 1;
    seen.set(item.label, count);
    return count > 1 ? { ...item, label: `${item.label} (${count})` } : item;
  });
}

export type { MenuContent };
