/** Which nodes are of a type, and which nodes show what is inside a sheet: the instances of it, and of those around it. */
import type { NodeId, NodeRecord, SheetId } from "./records";

export class SheetIndex {
  private readonly byType = new Map<string, Map<NodeId, SheetId>>();

  change(before: NodeRecord | undefined, after: NodeRecord | undefined): void {
    if (before && before.type !== after?.type) {
      const nodes = this.byType.get(before.type);
      nodes?.delete(before.id);
      if (nodes?.size === 0) this.byType.delete(before.type);
    }
    if (!after || before?.type === after.type) return;
    const nodes = this.byType.get(after.type) ?? new Map<NodeId, SheetId>();
    nodes.set(after.id, after.sheet);
    this.byType.set(after.type, nodes);
  }

  instancesOf(type: string): readonly NodeId[] {
    return [...(this.byType.get(type)?.keys() ?? [])];
  }

  hostsOf(sheet: SheetId): ReadonlySet<NodeId> {
    const hosts = new Set<NodeId>();
    const sheets = new Set([sheet]);
    for (const inside of sheets) {
      for (const [id, around] of this.byType.get(inside) ?? []) {
        hosts.add(id);
        sheets.add(around);
      }
    }
    return hosts;
  }
}
