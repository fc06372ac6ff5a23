/** The line between the editor and the code of packs: what throws on the other side is caught and named here. */
import { blame } from "../features/packs/packs";

/** Runs code of a pack; undefined when it throws. A promise that it answers is watched too. */
export function guarded<T>(where: string, pack: string | null, code: () => T): T | undefined {
  try {
    const result = code();
    if (result instanceof Promise) return watched(where, pack, result) as T;
    return result;
  } catch (error) {
    blame(error, where, pack);
    return undefined;
  }
}

async function watched(where: string, pack: string | null, promise: Promise<unknown>): Promise<unknown> {
  try {
    return await promise;
  } catch (error) {
    blame(error, where, pack);
    return undefined;
  }
}
