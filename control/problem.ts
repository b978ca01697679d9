// Owns the errors of the API: RFC 9457 problems, each with the fields that are wrong and how to mend them.
import type { FieldError } from "../mesh/contract/resources/field-error.ts";

/** Body of every error answer. */
export interface Problem {
  /** URI of the kind of problem. */
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail?: string;
  /** Paths begin at the request's body. */
  readonly errors: readonly FieldError[];
}

/** A value, or why there is none. */
export type Outcome<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly problem: Problem };

export const done = <T>(value: T): Outcome<T> => ({ ok: true, value });
export const failed = (problem: Problem): { readonly ok: false; readonly problem: Problem } => ({
  ok: false,
  problem,
});

const KINDS = {
  invalid: [422, "The request is not valid."],
  malformed: [400, "The request cannot be read."],
  unauthorized: [401, "The request carries no valid token."],
  forbidden: [403, "The token is not good for this."],
  not_found: [404, "There is nothing here."],
  conflict: [409, "Somebody else changed it first."],
  too_large: [413, "The request or the table it makes is too large."],
  unavailable: [503, "Control cannot do this now."],
  internal: [500, "Control failed."],
} as const satisfies Record<string, readonly [number, string]>;
export type ProblemKind = keyof typeof KINDS;

/** A problem of a kind; `errors` name the fields at fault. */
export function problem(
  kind: ProblemKind,
  detail?: string,
  errors: readonly FieldError[] = [],
): Problem {
  const [status, title] = KINDS[kind];
  return {
    type: `https://heddle.dev/problems/control-${kind}`,
    title,
    status,
    ...(detail === undefined ? {} : { detail }),
    errors,
  };
}

/** The answer of a problem. */
export const toResponse = (given: Problem): Response =>
  new Response(JSON.stringify(given), {
    status: given.status,
    headers: {
      "content-type": "application/problem+json",
      ...(given.status === 401 ? { "www-authenticate": "Bearer" } : {}),
    },
  });
