/** What may go wrong with a request, and how the server says so. */
import { isObject, type Json, type JsonObject } from "../lib/json";
import { t } from "../lib/t";
import { readNodeErrors, text } from "./readers";
import type { NodeErrors } from "./types";

/** The server could not be reached, or answered with something that is no answer. */
export class RequestFailed extends Error {
  constructor(
    message: string,
    readonly status: number,
  ) {
    super(message);
  }
}

/** The server read the prompt and refused it. */
export class PromptRejected extends Error {
  constructor(
    message: string,
    readonly details: string,
    readonly nodeErrors: NodeErrors,
  ) {
    super(message);
  }
}

export function rejection(body: JsonObject, error: JsonObject): PromptRejected {
  const nodeErrors = new Map(readNodeErrors(body.node_errors));
  const info = isObject(error.extra_info) ? error.extra_info : {};
  const id = text(info.node_id);
  // Some refusals name one node at the top and none below.
  if (id && !nodeErrors.has(id))
    nodeErrors.set(id, [{ message: text(error.message), details: "", input: null }]);
  return new PromptRejected(
    text(error.message) || t("The server refused the workflow"),
    text(error.details),
    nodeErrors,
  );
}

/** In the server's own words, where it has some. */
export function failure(path: string, response: Response, body?: Json): RequestFailed {
  const said = isObject(body) && isObject(body.error) ? text(body.error.message) : "";
  if (said) return new RequestFailed(said, response.status);
  const reason = response.statusText ? ` ${response.statusText}` : "";
  return new RequestFailed(
    `${path.split("?")[0]}: the server answered ${response.status}${reason}`,
    response.status,
  );
}
