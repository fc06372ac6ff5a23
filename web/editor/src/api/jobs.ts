/** Runs as the server lists them: what waits and what is done, page by page, and all about one of them. */
import { isObject, type Json, type JsonObject } from "../lib/json";
import { type ServerMessage, understand } from "./messages";
import { number, objects, readFiles, text } from "./readers";
import type { FileRef } from "./types";

export type JobStatus = "pending" | "in_progress" | "completed" | "failed" | "cancelled";

export type Failure = Extract<ServerMessage, { type: "execution_error" }>;

export interface Job {
  readonly id: string;
  readonly status: JobStatus;
  /** Milliseconds since 1970; null while it has not come to that. */
  readonly startedAt: number | null;
  readonly finishedAt: number | null;
  readonly outputs: number;
  /** What stands for all of its results. */
  readonly preview: FileRef | null;
  readonly failure: Failure | null;
}

export interface JobPage {
  readonly jobs: readonly Job[];
  readonly total: number;
}

export interface JobDetails {
  readonly files: readonly FileRef[];
  /** As it was sent along; null when it was not. */
  readonly workflow: Json | null;
  readonly prompt: JsonObject;
  readonly extraData: JsonObject;
}

export interface JobQuery {
  readonly statuses: readonly JobStatus[];
  readonly limit: number;
  readonly offset?: number;
  readonly search?: string;
}

export interface JobsApi {
  /** Newest first. */
  list(query: JobQuery): Promise<JobPage>;
  details(id: string): Promise<JobDetails>;
  /** Whether it waits or runs. */
  cancel(id: string): Promise<void>;
  /** Takes it out of the history; its files stay. */
  forget(ids: readonly string[]): Promise<void>;
}

interface Line {
  get(path: string): Promise<Json>;
  post(path: string, body: JsonObject): Promise<void>;
}

export class HttpJobs implements JobsApi {
  constructor(private readonly line: Line) {}

  async list({ statuses, limit, offset = 0, search = "" }: JobQuery): Promise<JobPage> {
    const query = new URLSearchParams({
      status: statuses.join(),
      limit: `${limit}`,
      offset: `${offset}`,
      search,
    });
    return readJobs(await this.line.get(`jobs?${query}`));
  }

  async details(id: string): Promise<JobDetails> {
    return readJobDetails(await this.line.get(`jobs/${id}`));
  }

  cancel(id: string): Promise<void> {
    return this.line.post(`jobs/${id}/cancel`, {});
  }

  forget(ids: readonly string[]): Promise<void> {
    return this.line.post("history", { delete: ids });
  }
}

export function readJobs(body: Json): JobPage {
  if (!isObject(body)) return { jobs: [], total: 0 };
  const pagination = isObject(body.pagination) ? body.pagination : {};
  return { jobs: objects(body.jobs).map(readJob), total: number(pagination.total) };
}

function readJob(job: JsonObject): Job {
  const preview = isObject(job.preview_output) ? readFiles([job.preview_output]) : [];
  const failed = isObject(job.execution_error)
    ? understand({ type: "execution_error", data: job.execution_error })
    : null;
  return {
    id: text(job.id),
    status: text(job.status) as JobStatus,
    startedAt: number(job.execution_start_time) || null,
    finishedAt: number(job.execution_end_time) || null,
    outputs: number(job.outputs_count),
    preview: preview[0] ?? null,
    failure: failed?.type === "execution_error" ? failed : null,
  };
}

export function readJobDetails(body: Json): JobDetails {
  const job = isObject(body) ? body : {};
  const made = isObject(job.workflow) ? job.workflow : {};
  const extraData = isObject(made.extra_data) ? made.extra_data : {};
  const pictureInfo = isObject(extraData.extra_pnginfo) ? extraData.extra_pnginfo : {};
  const outputs = isObject(job.outputs) ? Object.values(job.outputs).filter(isObject) : [];
  return {
    files: outputs.flatMap((output) => Object.values(output).flatMap((value) => readFiles(value))),
    workflow: pictureInfo.workflow ?? null,
    prompt: isObject(made.prompt) ? made.prompt : {},
    extraData,
  };
}
