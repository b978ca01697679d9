// Which policy of a service holds for a call, where there are some: late, since most services have none.
import type { BreakerPolicy } from "../../contract/table.ts";
import type { OutboundCall } from "../../pipeline/call.ts";
import type { Late } from "../../pipeline/late.ts";

type Breakers = Readonly<Record<string, BreakerPolicy>>;

/** The most specific policy, and the scope that has circuits of its own by it. */
export const own: Late["ownBreaker"] = (call, endpoint, breakers) => {
  const scope = scopeOf(call, endpoint, breakers);
  const names = [`${endpoint}|${scope}`, `|${scope}`, endpoint, ""];
  const name = names.find((one) => Object.hasOwn(breakers, one));
  return { scope, policy: name === undefined ? undefined : breakers[name] };
};

/** The RPC method or the route, where a policy names it. */
function scopeOf(
  { rpc, rule, endpoint, dialled }: OutboundCall,
  id: string,
  breakers: Breakers,
): string {
  const entrypoint = endpoint?.entrypoint ?? dialled.entrypoint ?? "default";
  const scopes = [rpc === null ? "" : `${entrypoint}.${rpc.path.join(".")}`, rule?.route ?? ""];
  const isNamed = (scope: string): boolean =>
    scope !== "" && [`${id}|${scope}`, `|${scope}`].some((name) => Object.hasOwn(breakers, name));
  return scopes.find(isNamed) ?? "";
}
