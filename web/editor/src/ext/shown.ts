/** The document that is shown, for those who want to follow whichever it is. */
import type { Editor } from "../actions/editor";
import type { GraphDocument } from "../graph/document";
import { forgetDecor } from "../nodes/packDecor";

type Follow = (doc: GraphDocument) => () => void;

const followers = new Map<Editor, Set<() => void>>();

/** Now and whenever another tab is shown; `follow` answers how to let go of a document. */
export function onDocument(editor: Editor, follow: Follow): () => void {
  let release = follow(editor.doc);
  const change = () => {
    release();
    release = follow(editor.doc);
  };
  followersOf(editor).add(change);
  return () => {
    followersOf(editor).delete(change);
    release();
  };
}

/** All change together, after what packs have put on the nodes of the last document is gone. */
function followersOf(editor: Editor): Set<() => void> {
  const known = followers.get(editor);
  if (known) return known;
  const fresh = new Set<() => void>();
  followers.set(editor, fresh);
  let shown = editor.doc;
  editor.tabs.changed.on(() => {
    if (editor.doc === shown) return;
    shown = editor.doc;
    forgetDecor();
    for (const change of fresh) change();
  });
  return fresh;
}
