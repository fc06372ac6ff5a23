/** Workflows as they were before they were written over or deleted. */
import type { Json } from "../lib/json";
import { number, objects, text } from "./readers";

export interface EarlierVersion {
  readonly id: string;
  /** In the folder of workflows. */
  readonly path: string;
  /** Milliseconds since 1970. */
  readonly saved: number;
}

/** Newest first. */
export interface EarlierApi {
  versions(path: string): Promise<EarlierVersion[]>;
  /** The last versions of those that are no more. */
  deleted(): Promise<EarlierVersion[]>;
  read(version: EarlierVersion): Promise<string>;
}

interface Line {
  get(path: string): Promise<Json>;
  asked(path: string, init: RequestInit): Promise<Response>;
}

export class HttpEarlier implements EarlierApi {
  constructor(private readonly line: Line) {}

  async versions(path: string): Promise<EarlierVersion[]> {
    return readVersions(await this.line.get(`earlier?file=${encodeURIComponent(path)}`));
  }

  async deleted(): Promise<EarlierVersion[]> {
    return readVersions(await this.line.get("earlier"));
  }

  async read({ id, path }: EarlierVersion): Promise<string> {
    return (await this.line.asked(`earlier/${id}?file=${encodeURIComponent(path)}`, {})).text();
  }
}

function readVersions(body: Json): EarlierVersion[] {
  return objects(body).map(({ id, path, saved }) => ({
    id: text(id),
    path: text(path),
    saved: number(saved),
  }));
}
