/** Lists of options that the server is asked for when a widget first shows, once for everybody who shows them. */
import { Emitter } from "../lib/emitter";
import { isArray, isObject, type Json } from "../lib/json";

type Ask = (route: string) => Promise<Json>;

export class RemoteLists {
  readonly changed = new Emitter<string>();
  private readonly lists = new Map<string, readonly Json[]>();
  private readonly asked = new Map<string, Promise<readonly Json[]>>();

  constructor(private readonly ask: Ask) {}

  /** What is known now; the first one who looks makes it be asked for. */
  get(route: string, key: string): readonly Json[] | undefined {
    if (!this.lists.has(route) && !this.asked.has(route)) void this.refresh(route, key).catch(() => {});
    return this.lists.get(route);
  }

  /** Rejects when the server does not answer; what was known stays. */
  refresh(route: string, key: string): Promise<readonly Json[]> {
    const asking = this.ask(route).then((answer) => {
      const list = key && isObject(answer) ? answer[key] : answer;
      const options = isArray(list) ? list : [];
      this.lists.set(route, options);
      this.changed.emit(route);
      return options;
    });
    this.asked.set(route, asking);
    return asking;
  }
}
