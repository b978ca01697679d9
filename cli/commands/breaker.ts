// Owns `heddle breaker`: circuits as control knows them, and steering them by hand.
import { listCircuits, steerCircuits } from "../api.ts";
import type { Circuit } from "../../mesh/contract/api.ts";
import { EXIT, type ExitCode } from "../exit.ts";
import type { Io } from "../io.ts";
import { ageOf } from "../output/columns.ts";
import { type Form, print } from "../output/print.ts";
import { toId } from "../policy/question.ts";
import { findControl } from "./target.ts";

export interface BreakerOptions {
  readonly namespace: string;
  readonly output: Form;
}

export interface SteerOptions extends BreakerOptions {
  readonly scope?: string;
}

/** Shows the circuits of these services, or of all. */
export async function list(
  io: Io,
  services: readonly string[],
  { namespace, output }: BreakerOptions,
): Promise<ExitCode> {
  const wanted = services.map((name) => toId(name, namespace));
  const all = await listCircuits(findControl(io));
  const circuits = all.filter(({ service }) => wanted.length === 0 || wanted.includes(service));
  if (circuits.length === 0 && output === "table") {
    io.err(
      "no circuit has counted a call yet; a service has one per endpoint from its first call on\n",
    );
    return EXIT.ok;
  }
  await show(io, output, circuits);
  return EXIT.ok;
}

/** Trips or resets the circuits of a service. */
export async function steer(
  io: Io,
  action: "trip" | "reset",
  [service = "", endpoint]: readonly string[],
  { namespace, scope, output }: SteerOptions,
): Promise<ExitCode> {
  const circuits = await steerCircuits(findControl(io), {
    action,
    service: toId(service, namespace),
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(scope === undefined ? {} : { scope }),
  });
  await show(io, output, circuits);
  return EXIT.ok;
}

const show = async (io: Io, form: Form, circuits: readonly Circuit[]): Promise<void> =>
  await print(io, form, {
    data: { items: circuits },
    rows: [
      ["SERVICE", "ENDPOINT", "SCOPE", "STATE", "PROBE IN", "SINCE"],
      ...circuits.map(({ service, endpoint, scope, state, probeInMs, changedMs }) => [
        service,
        endpoint,
        scope || "-",
        state,
        state === "open" ? `${(probeInMs / 1000).toFixed(1)}s` : "-",
        ageOf(new Date(changedMs).toISOString(), Date.now()),
      ]),
    ],
    names: circuits.map(({ service, endpoint, scope }) =>
      [service, endpoint, ...(scope ? [scope] : [])].join("|"),
    ),
  });
