// Who may be named to be revoked: workloads of the mesh by name or id, those of other meshes by their id alone.
import { expect, it } from "vitest";
import { OPERATIONS } from "../../../control/api.ts";
import { createMemory } from "../../../control/issue/memory.ts";
import { named } from "../../../control/issue/revoke.ts";
import { applyDocuments } from "../../../control/pipeline.ts";
import type { REVOCATION_KINDS } from "../../../mesh/contract/identity.ts";
import { createTestControl } from "../test-control.ts";

type Kind = (typeof REVOCATION_KINDS)[number];

const long = `spiffe://other.example/${"x".repeat(300)}`;

it.each<[Kind, string, boolean]>([
  ["subject", "shop/cart", true],
  ["subject", "spiffe://other.example/ns/pay/sa/till", true],
  ["subject", "spiffe://other.example/any/path", true],
  ["subject", long, true],
  ["subject", `spiffe://other.example/${"x".repeat(2048)}`, false],
  ["subject", `shop/${"x".repeat(253)}`, false],
  ["subject", "spiffe://other.example", false],
  ["subject", "spiffe://other.example/", false],
  ["subject", "spiffe://other.example/ns/%70ay", false],
  ["subject", "spiffe://other.example/ns/../pay", false],
  ["subject", "spiffe://Other.example/ns/pay", false],
  ["subject", "spiffe://other.example/ns/pay ", false],
  ["subject", "SPIFFE://other.example/ns/pay", false],
  ["subject", "https://other.example/ns/pay", false],
  ["binding", "spiffe://other.example/ns/pay/sa/till>shop/cart", false],
  ["version", "spiffe://other.example/ns/pay/sa/till@v1", false],
  ["kid", "spiffe://other.example/ns/pay/sa/till", false],
])("%s %s: %s", (kind, value, isTaken) => {
  expect(OPERATIONS.revoke.body.safeParse({ kind, value }).success).toBe(isTaken);
});

it("knows ids of its own trust domain by the names that callers have", async () => {
  const control = await createTestControl();
  const memory = createMemory();
  const document = {
    apiVersion: "heddle.dev/v1",
    kind: "Mesh",
    metadata: { name: "m" },
    spec: { trustDomain: "m.example" },
  };
  expect(await applyDocuments(control, [document], false)).toMatchObject({ ok: true });
  const nameOf = async (value: string) => named(memory, control, { kind: "subject", value });
  const asIs = ["spiffe://other.example/ns/shop/sa/cart", "shop/cart", "spiffe://m.example.org/a"];
  for (const value of asIs)
    expect(await nameOf(value)).toEqual({ ok: true, value: { kind: "subject", value } });
  expect(await nameOf("spiffe://m.example/ns/shop/sa/cart")).toEqual({
    ok: true,
    value: { kind: "subject", value: "shop/cart" },
  });
  for (const path of ["cart", "ns/shop/sa/cart/x", "ns/shop/cart"])
    expect(await nameOf(`spiffe://m.example/${path}`)).toMatchObject({
      ok: false,
      problem: { status: 422, errors: [{ path: "value" }] },
    });
});
