// Owns circuits as operators see them: the list of all, and holding one open or closing it by hand.
import * as z from "zod";
import { circuitName } from "../../mesh/algorithms/breaker/policy.ts";
import type { Circuit } from "../../mesh/contract/api.ts";
import { problem as wording } from "../../mesh/contract/resources/problem.ts";
import { BREAKER_OBJECT, type Verdict } from "../../mesh/contract/pulse.ts";
import type { Control } from "../control.ts";
import { takeInventory } from "../compile/inventory.ts";
import { WORKLOAD_KIND } from "../resources/workload.ts";
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
  service: z
    .string()
    .regex(
      /^[^/\s|]+\/[^/\s|]+$/,
      wording("is no name of a service", "Write `namespace/name`, such as `default/reviews`."),
    ),
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
  const named = known.length > 0 ? done(known) : await uncalled(control, service, endpoint, scope);
  if (!named.ok) return named;
  const verdicts = await Promise.all(
    named.value.map((circuit) => {
      const object = nameOf(circuit);
      return control.circuit(object)[action](object);
    }),
  );
  return done({ circuits: verdicts.map((verdict) => toCircuit(verdict, control.clock.now())) });
}

type Named = Pick<Circuit, "service" | "endpoint" | "scope">;

/** The circuit of an endpoint that nobody called yet; without one of that name, why there is nothing to steer. */
async function uncalled(
  { store }: Control,
  service: string,
  endpoint: string | undefined,
  scope: string | undefined,
): Promise<Outcome<readonly Named[]>> {
  const stored = await Promise.all([store.list("Service"), store.list(WORKLOAD_KIND)]);
  const entry = takeInventory(stored.flat()).services.get(service);
  if (entry === undefined)
    return failed(problem("not_found", `There is no service ${service} in the mesh.`));
  const ids = entry.endpoints.map(({ id }) => id);
  if (endpoint !== undefined && ids.includes(endpoint))
    return done([{ service, endpoint, scope: scope ?? "" }]);
  const those = scope === undefined ? service : `${service} with circuits of ${scope}`;
  const what =
    endpoint === undefined
      ? `No call to ${those} was counted yet. Name one of its endpoints: ${ids.join(", ")}.`
      : `${service} has no endpoint ${endpoint}. It has: ${ids.join(", ")}.`;
  return failed(problem("not_found", what));
}

const nameOf = ({ service, endpoint, scope }: Named) => circuitName(service, endpoint, scope);

function toCircuit(verdict: Verdict, changedMs: number): Circuit {
  const { object, state, generation, probeInMs } = verdict;
  const [service = "", endpoint = "", ...rest] = object.slice(BREAKER_OBJECT.length).split("|");
  return { service, endpoint, scope: rest.join("|"), state, generation, probeInMs, changedMs };
}
