// The Gateway API's validation cases where they lie: every case of a kind we have, against our schemas.
import { existsSync, readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { KINDS } from "../../../../mesh/contract/resources/kinds.ts";
import { parseResource } from "../../../../mesh/contract/resources/parse.ts";

interface Case {
  readonly id: string;
  readonly kind: string;
  readonly valid: boolean;
  readonly reasons: readonly string[];
  readonly spec: object;
}

const file = `${import.meta.dirname}/../../../../../shared/conformance/gateway-api-validation/cases.json`;
const { cases } = existsSync(file)
  ? (JSON.parse(readFileSync(file, "utf8")) as { cases: Case[] })
  : { cases: [] };
if (cases.length === 0) it.skip("../shared is not here: no validation cases", () => {});

const kinds = new Set(KINDS.map(({ kind }) => kind));
const key = ({ kind, spec }: Case): string => kind + JSON.stringify(spec);
const valid = new Set(cases.filter((given) => given.valid).map(key));

for (const given of cases.filter(({ kind }) => kinds.has(kind))) {
  const title = `${given.id} ${given.kind} ${given.valid ? "valid" : given.reasons.join(", ")}`;
  // The extraction lost what was wrong with some: word for word the same spec stands as valid beside it.
  const run = !given.valid && valid.has(key(given)) ? it.skip : it;
  run(title, () => {
    const apiVersion = "gateway.networking.k8s.io/v1";
    const { kind, spec } = given;
    const parsed = parseResource({ apiVersion, kind, metadata: { name: "x" }, spec });
    expect(parsed.ok, JSON.stringify(parsed)).toBe(given.valid);
    for (const error of parsed.ok ? [] : parsed.errors) {
      expect(error.path).not.toBe("");
      expect(error.mend).not.toBe("Correct it.");
    }
  });
}
