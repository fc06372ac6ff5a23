/** Who is linked to whom, kept right with every single change of a link record. */
import type { LinkRecord, NodeId } from "./records";

export class LinkIndex {
  private readonly into = new Map<string, LinkRecord>();
  private readonly byNode = new Map<NodeId, Map<string, LinkRecord>>();

  add(link: LinkRecord): void {
    this.into.set(inputKey(link.to, link.input), link);
    for (const node of [link.from, link.to]) {
      const links = this.byNode.get(node) ?? new Map<string, LinkRecord>();
      links.set(link.id, link);
      this.byNode.set(node, links);
    }
  }

  remove(link: LinkRecord): void {
    const key = inputKey(link.to, link.input);
    if (this.into.get(key)?.id === link.id) this.into.delete(key);
    for (const node of [link.from, link.to]) {
      const links = this.byNode.get(node);
      links?.delete(link.id);
      if (links?.size === 0) this.byNode.delete(node);
    }
  }

  linkInto(node: NodeId, input: string): LinkRecord | undefined {
    return this.into.get(inputKey(node, input));
  }

  linksOf(node: NodeId): readonly LinkRecord[] {
    return [...(this.byNode.get(node)?.values() ?? [])];
  }

  linksFrom(node: NodeId): readonly LinkRecord[] {
    return this.linksOf(node).filter((link) => link.from === node);
  }
}

function inputKey(node: NodeId, input: string): string {
  return `${node}\n${input}`;
}
