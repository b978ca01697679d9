// Owns talking to control over its REST API: requests, and what its errors mean for a command.
import type { FieldError } from "../mesh/contract/resources/field-error.ts";
import { CliError, EXIT, type Complaint } from "./exit.ts";

/** Where control listens and with what we may speak to it. */
export interface ControlTarget {
  /** Without a slash at the end. */
  readonly control: string;
  readonly token: string;
}

/** The control that HEDDLE_CONTROL names; throws where that is no http URL. */
export function controlAt(given: string, token = ""): ControlTarget {
  if (/^https?:$/.test(URL.parse(given)?.protocol ?? ""))
    return { control: given.replace(/\/+$/, ""), token };
  throw new CliError(EXIT.usage, {
    message: `HEDDLE_CONTROL is no URL of control: ${given}`,
    mend: "It is an http or https URL without a path, such as http://127.0.0.1:8788.",
  });
}

/** One thing wrong with a request; `path` begins at its body, `message` is a sentence about the document. */
export type Violation = FieldError;

/** The body of a failed request (RFC 9457). */
export interface Problem {
  readonly status: number;
  readonly title: string;
  readonly detail?: string;
  readonly errors: readonly Violation[];
}

/** Control answered, and the answer is an error. */
export class ControlError extends CliError {
  readonly problem: Problem;

  constructor(problem: Problem, target: ControlTarget) {
    super(exitFor(problem.status), complaintsOf(problem, target));
    this.name = "ControlError";
    this.problem = problem;
  }
}

/** How long one request to control may take. */
const REQUEST_TIMEOUT_MS = 30_000;

/** Sends one request to control and returns its JSON; throws a CliError with the right exit code. */
export async function askControl<T>(
  target: ControlTarget,
  method: string,
  path: string,
  body?: unknown,
): Promise<T> {
  const { response, bytes } = await send(target, method, path, body);
  const text = textOf(bytes);
  if (!response.ok) throw new ControlError(problemOf(response, text), target);
  try {
    return (text === "" ? undefined : JSON.parse(text)) as T;
  } catch (error) {
    throw new CliError(
      EXIT.failed,
      {
        message: `${target.control} is no control: it answered ${method} ${path} with something else than JSON`,
        mend: "HEDDLE_CONTROL is the URL of control, without a path.",
      },
      error,
    );
  }
}

/** The same for an answer that is not JSON. */
export async function askControlBytes(target: ControlTarget, path: string): Promise<Uint8Array> {
  const { response, bytes } = await send(target, "GET", path, undefined);
  if (!response.ok) throw new ControlError(problemOf(response, textOf(bytes)), target);
  return bytes;
}

const textOf = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

async function send(
  target: ControlTarget,
  method: string,
  path: string,
  body: unknown,
): Promise<{ readonly response: Response; readonly bytes: Uint8Array }> {
  try {
    const response = await fetch(`${target.control}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${target.token}`,
        accept: "application/json, application/problem+json",
        ...(body === undefined ? {} : { "content-type": "application/json" }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS),
    });
    return { response, bytes: new Uint8Array(await response.arrayBuffer()) };
  } catch (error) {
    throw new CliError(
      EXIT.unreachable,
      {
        message: `control at ${target.control} does not answer: ${causeOf(error)}`,
        mend: "Is it running? `heddle dev` starts a mesh; HEDDLE_CONTROL names another one.",
      },
      error,
    );
  }
}

function problemOf(response: Response, text: string): Problem {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    parsed = undefined;
  }
  const body = typeof parsed === "object" && parsed !== null ? (parsed as Partial<Problem>) : {};
  return {
    status: response.status,
    title: body.title ?? `control answered ${response.status} ${response.statusText}`.trim(),
    ...(body.detail === undefined ? {} : { detail: body.detail }),
    errors: Array.isArray(body.errors) ? body.errors : [],
  };
}

function exitFor(status: number): (typeof EXIT)[keyof typeof EXIT] {
  if (status === 409 || status === 412) return EXIT.conflict;
  if (status === 408 || status === 504) return EXIT.timeout;
  return status === 502 || status === 503 ? EXIT.unreachable : EXIT.failed;
}

function complaintsOf(problem: Problem, target: ControlTarget): readonly Complaint[] {
  if (problem.errors.length > 0) {
    return problem.errors.map(({ path, message, mend }) => ({ message, where: path, mend }));
  }
  const message = problem.detail ?? problem.title;
  return [{ message, mend: mendFor(problem.status, target) }];
}

function mendFor(status: number, target: ControlTarget): string | undefined {
  if (status === 401 || status === 403)
    return `HEDDLE_TOKEN is not the token of ${target.control}.`;
  if (status === 409)
    return "Somebody changed it meanwhile: get it again, then apply your change to that.";
  return undefined;
}

function causeOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.name === "TimeoutError") return `no answer within ${REQUEST_TIMEOUT_MS / 1000} s`;
  const { cause } = error;
  if (cause instanceof Error && "code" in cause && typeof cause.code === "string") {
    return cause.code === "ECONNREFUSED" ? "connection refused" : cause.code;
  }
  return cause instanceof Error ? cause.message : error.message;
}
