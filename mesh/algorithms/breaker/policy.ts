// Owns which policy holds for a circuit: the most specific one that is written.
import { BREAKER_OBJECT } from "../../contract/pulse.ts";
import type { BreakerPolicy } from "../../contract/table.ts";

/** The name of a circuit's object. */
export const circuitName = (service: string, endpoint: string, scope: string): string =>
  `${BREAKER_OBJECT}${service}|${endpoint}${scope === "" ? "" : `|${scope}`}`;

/** What a circuit's object is named by. */
export const partsOf = (
  object: string,
): { readonly service: string; readonly endpoint: string; readonly scope: string } => {
  const [service = "", endpoint = "", ...rest] = object.slice(BREAKER_OBJECT.length).split("|");
  return { service, endpoint, scope: rest.join("|") };
};

/** The policy of a circuit by its object's name; a scope's before an endpoint's before a service's before the default. */
export const policyOf = (
  object: string,
  policies: Readonly<Record<string, BreakerPolicy>>,
  normal: BreakerPolicy,
): BreakerPolicy => {
  const { service, endpoint, scope } = partsOf(object);
  const names = [
    ...(scope === "" ? [] : [`${service}|${endpoint}|${scope}`, `${service}||${scope}`]),
    `${service}|${endpoint}`,
    service,
    "",
  ];
  for (const name of names) if (Object.hasOwn(policies, name)) return policies[name] ?? normal;
  return normal;
};
