import { describe, expect, it, vi } from "vitest";
import type { MenuContent } from "../../actions/packMenus";
import { menuItems } from "./menus";

vi.stubGlobal("MouseEvent", class {});

describe("menus of packs", () => {
  it("keep their lines, tell equal names apart, and open submenus in their own place", () => {
    const ran: unknown[] = [];
    const opened: MenuContent[] = [];
    const callback = () => ran.push("ran");
    const node = {};
    const items = menuItems(
      [
        null,
        { content: "Do", callback },
        null,
        { content: "Do", callback },
        {
          content: "More",
          submenu: { options: [{ content: "Inner", callback: (...args) => ran.push(args[4]) }] },
        },
      ],
      node,
      (menu) => opened.push(menu),
      (_label, code) => code(),
    );
    expect(items.map(({ label, separated }) => [label, separated])).toEqual([
      ["Do", false],
      ["Do (2)", true],
      ["More…", false],
    ]);
    items[2]?.run();
    opened[0]?.items[0]?.run();
    expect(ran).toEqual([node]);
  });
});
