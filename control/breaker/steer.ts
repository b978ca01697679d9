// Owns circuits as operators see them: the list of all, and holding one open or closing it by hand.
import * as z from "zod";
import { circuitName } from "../../mesh/algorithms/breaker/policy.ts";
import type { Circuit } from "../../mesh/contract/api.ts";
import { BREAKER_OBJECT, type Verdict } from "../../mesh/contract/pulse.ts";
import type { Control } from "../control.ts";
import { type Outcome, done, failed, problem } from "../problem.ts";

export const circuitSchema = z.object({
  service: z.string(),
  endpoint: z.string(),
  scope: z.string(),
  state: z.enum(["closed", "open", "half_open", "isolated"]),
  generation: z.int(),
  probeInMs: z.number(),
  changedMs: z.number(),
});

export const steerSchema = z.strictObject({
  action: z.enum(["trip", "reset"]),
  service: z.string().regex(/^[^/\s|]+\/[^/\s|]+$/, "is not `namespace/name`"),
  /** Absent: each endpoint that was called. */
  endpoint: z.string().min(1).max(512).optional(),
  scope: z.string().max(512).optional(),
});
export type Steer = z.infer<typeof steerSchema>;

/** Every circuit that ever counted a call, by name. */
export async function listCircuits({ registry }: Control): Promise<readonly Circuit[]> {
  const seen = await registry.listCircuits();
  return seen
    .map((one) => toCircuit(one, one.changedMs))
    .toSorted((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1));
}

/** Trips or resets the circuits named. */
export async function steer(
  control: Control,
  { action, service, endpoint, scope }: Steer,
): Promise<Outcome<{ circuits: readonly Circuit[] }>> {
  const known = (await listCircuits(control)).filter(
    (circuit) =>
      circuit.service === service &&
      (endpoint === undefined || circuit.endpoint === endpoint) &&
      (scope === undefined || circuit.scope === scope),
  );
  const named =
    endpoint === undefined || known.length > 0
      ? known
      : [{ service, endpoint, scope: scope ?? "" }];
  if (named.length === 0) {
    const what = `No call to ${service} was counted yet. Name one of its endpoints.`;
    return failed(problem("not_found", what));
  }
  const verdicts = await Promise.all(
    named.map((circuit) => {
      const object = nameOf(circuit);
      return control.circuit(object)[action](object);
    }),
  );
  return done({ circuits: verdicts.map((verdict) => toCircuit(verdict, control.clock.now())) });
}

const nameOf = ({ service, endpoint, scope }: Pick<Circuit, "service" | "endpoint" | "scope">) =>
  circuitName(service, endpoint, scope);

function toCircuit(verdict: Verdict, changedMs: number): Circuit {
  const { object, state, generation, probeInMs } = verdict;
  const [service = "", endpoint = "", ...rest] = object.slice(BREAKER_OBJECT.length).split("|");
  return { service, endpoint, scope: rest.join("|"), state, generation, probeInMs, changedMs };
}
