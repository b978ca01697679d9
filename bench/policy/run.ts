// `npm run bench -- policy [-o json]`. CPU of one decision by 500 rules over one by 5, in paired rounds of one run.
import type { Known } from "../../control/compile/inventory.ts";
import { toScope } from "../../control/compile/policies.ts";
import { decide } from "../../mesh/algorithms/authorize/decide.ts";
import type { Asked } from "../../mesh/algorithms/authorize/holds.ts";
import type { PolicyScope } from "../../mesh/contract/policy.ts";
import {
  type AuthorizationPolicySpec,
  authorizationPolicySpecSchema,
} from "../../mesh/contract/resources/authorization-policy.ts";
import { readOptions } from "../options.ts";

const options = readOptions({
  name: "policy",
  about: "CPU of one authorization decision, by 500 rules over by 5.",
  rounds: 200,
});

type Rules = AuthorizationPolicySpec["rules"];
const CALLS = 2000;

/** What rules are written by, each a way to have many of them. */
const SHAPES: Readonly<Record<string, (at: number) => object>> = {
  "paths and methods": (at) => ({ to: [{ methods: ["GET"], paths: [`/area-${at}/items/*`] }] }),
  principals: (at) => ({
    from: [{ principals: [`team/caller-${at}`] }],
    to: [{ paths: ["/api/*"] }],
  }),
  "RPC methods": (at) => ({ to: [{ rpc: [`Payments.method${at}`] }] }),
  namespaces: (at) => ({ from: [{ namespaces: [`space-${at}`] }], to: [{ hosts: ["*.test"] }] }),
};

function scopeOf(shape: (at: number) => object, rules: number): PolicyScope {
  const halves = (["ALLOW", "DENY"] as const).map((action): Known<AuthorizationPolicySpec> => {
    const made = Array.from({ length: rules }, (_, at) =>
      shape(action === "ALLOW" ? at : at + rules),
    );
    const spec = authorizationPolicySpecSchema.parse({ action, rules: made as Rules });
    return { id: `ns/${action}`, namespace: "ns", spec, stored: {} as Known<unknown>["stored"] };
  });
  return JSON.parse(JSON.stringify(toScope(halves, "mesh.test"))) as PolicyScope;
}

const askedOf = (shape: string, at: number): Asked => ({
  principal: `mesh.test/ns/${shape === "namespaces" ? `space-${at}` : "team"}/sa/caller-${at}`,
  via: "direct",
  rpc: shape === "RPC methods" ? `Payments.method${at}` : null,
  method: "GET",
  host: "a.test",
  port: "80",
  path: shape === "paths and methods" ? `/area-${at}/items/1` : "/api/items",
  header: () => null,
  claims: null,
});

/** CPU of `CALLS` decisions, ms; the last allowed call is counted so that nothing is left out. */
function measure(scope: PolicyScope, asked: readonly Asked[]): number {
  const before = process.cpuUsage();
  let allowed = 0;
  for (let call = 0; call < CALLS; call++) {
    const one = asked[call % asked.length];
    if (one !== undefined && decide(scope, one, "deny").reason === null) allowed += 1;
  }
  const { user, system } = process.cpuUsage(before);
  if (allowed !== CALLS) throw new Error(`${allowed} of ${CALLS} calls were allowed`);
  return (user + system) / 1000;
}

const medianOf = (list: readonly number[]): number =>
  list.toSorted((a, b) => a - b)[Math.floor(list.length / 2)] ?? 0;

if (options !== null) {
  const report = Object.entries(SHAPES).map(([shape, rule]) => {
    // Both are asked the same things, all of which both allow.
    const asked = [0, 1, 2, 3, 4].map((at) => askedOf(shape, at));
    const [few, many] = [scopeOf(rule, 5), scopeOf(rule, 500)];
    const ratios: number[] = [];
    const micros: number[] = [];
    for (let round = 0; round < options.rounds; round++) {
      const isFirst = round % 2 === 0;
      const first = measure(isFirst ? few : many, asked);
      const second = measure(isFirst ? many : few, asked);
      const [five, fiveHundred] = isFirst ? [first, second] : [second, first];
      if (round > 10) ratios.push(fiveHundred / five);
      micros.push((fiveHundred * 1000) / CALLS);
    }
    return { shape, ratio: medianOf(ratios), microseconds: medianOf(micros) };
  });
  if (options.isJson) console.log(JSON.stringify(report));
  else {
    console.log("CPU of a decision by 500 rules over one by 5 (median), and of one by 500");
    for (const { shape, ratio, microseconds } of report)
      console.log(`  ${shape.padEnd(20)}${ratio.toFixed(2)}   ${microseconds.toFixed(2)} µs`);
  }
}
