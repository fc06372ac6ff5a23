/** The nodes of a workflow as a list to be searched. */
import type { GraphDocument } from "../../graph/document";
import type { NodeRecord } from "../../graph/records";
import type { FilterItem } from "../../ui/FilterList";

const LONGEST = 200;

export function foundNodes(doc: GraphDocument, nodes: readonly NodeRecord[]): FilterItem[] {
  return nodes.map((node) => {
    const title = doc.shape(node.id)?.title ?? node.type;
    const inside = doc.definition(node.sheet)?.name;
    return {
      key: node.id,
      label: title,
      hint: [inside, `#${node.id.split(":").at(-1)}`].filter(Boolean).join(" · "),
      words: `${node.type} #${node.id} ${texts(node)}`,
    };
  });
}

function texts({ values }: NodeRecord): string {
  return Object.values(values)
    .filter((value) => typeof value === "string")
    .join(" ")
    .slice(0, LONGEST);
}
