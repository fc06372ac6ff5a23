import { PALETTE, type PaletteColor } from "../../graph/palette";
import { t } from "../../lib/t";
import type { MenuItem } from "../../ui/Menu";

interface Choice {
  readonly kind: "node" | "group";
  /** The colour that it has now, as the file states it. */
  readonly current: string | null;
  readonly set: (color: PaletteColor | null) => void;
}

export function colorItems({ kind, current, set }: Choice): MenuItem[] {
  const shade = (color: PaletteColor) => (kind === "group" ? color.group : color.body);
  return [null, ...PALETTE].map((color) => ({
    label: color?.name() ?? t("No colour"),
    icon: <span className="swatch" style={{ background: color ? shade(color) : undefined }} />,
    checked: (color && shade(color)) === current,
    run: () => set(color),
  }));
}
