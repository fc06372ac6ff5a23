/** Keys that packs ask for in vain: each is said once in the browser's log, with who has it. */
import { allActions, keysOf, keyTakenBy, registry } from "../../actions";
import { t } from "../../lib/t";

/** Now and after every change of actions and keys. Answers how to stop it. */
export function reportTakenKeys(): () => void {
  const told = new Set<string>();
  const tell = () => {
    for (const action of allActions()) {
      for (const key of keysOf(action)) {
        const holder = keyTakenBy(action, key);
        const about = `${key} ${action.id}`;
        if (!holder || told.has(about)) continue;
        told.add(about);
        console.warn(
          t("{pack}: {key} does not start “{action}”, it is “{holder}”. Both can have another key: F1", {
            pack: action.pack ?? t("Editor"),
            key,
            action: action.label(),
            holder: holder.label(),
          }),
        );
      }
    }
  };
  tell();
  return registry.subscribe(tell);
}
