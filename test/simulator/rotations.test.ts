// Keys of every kind take over from one another in the simulated edge, in the long run a thousand times, and no call is
// refused for it.
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { createIssue } from "../../control/issue/identity.ts";
import { trustBundle } from "../../control/access/answers.ts";
import { EPOCH_MS } from "../../mesh/contract/identity.ts";
import { parseBundle, verifyToken } from "../../mesh/identity.ts";
import { standInTime } from "../../mesh/simulator/core/ambient.ts";
import { standInFetch } from "../../mesh/simulator/edge/response.ts";
import { FRONT, TRUST_DOMAIN } from "../../mesh/simulator/edge/tables.ts";
import { standInCrypto } from "../../mesh/simulator/edge/web-crypto.ts";
import { Rotations, type Turning, type Woven } from "./rotations.ts";

const ROUNDS = process.env["HEDDLE_LONG"] ? 1000 : 50;
/** So many rounds ago callers, and callees, were woven at most. */
const BEHIND = 2;

let restores: readonly (() => void)[];
beforeAll(() => {
  restores = [...standInTime(), ...standInFetch(), ...standInCrypto()];
  // Nobody reads what simulated Workers log.
  vi.spyOn(console, "log").mockImplementation(() => undefined);
});
afterAll(() => {
  for (const restore of restores) restore();
});

/** An epoch a round: keys take over, callers and callees woven now or before call, over the end of the epoch too. */
async function run(kinds: readonly Turning[]): Promise<Rotations> {
  const edge = await Rotations.begin();
  const woven: Woven[] = [await edge.weave()];
  const pick = (): Woven =>
    woven[Math.floor(edge.world.random() * woven.length)] ?? (woven[0] as Woven);
  edge.serveBy(pick());
  let warm = edge.bear(FRONT, pick());
  for (let round = 0; round < ROUNDS; round++) {
    await edge.turn(kinds);
    woven.push(await edge.weave());
    woven.splice(0, woven.length - 1 - BEHIND);
    // By weaving, two rotations ahead are known: that far, and no further, may deployments lie apart.
    edge.serveBy(pick());
    if (round % 3 === 0) warm = edge.bear(FRONT, pick());
    edge.call(warm, 0, 1100, 5000);
    edge.call(edge.bear(FRONT, pick()), 500);
    await edge.pass(10_000);
    // Born while control and KV are away, callers have the keys of their deploy.
    edge.call(edge.bear(FRONT, pick()), 100, 3000);
    edge.call(warm, 1000);
    if (round % 3 === 0) edge.serveBy(pick());
    await edge.pass(10_000, true);
    const leftMs = EPOCH_MS - (edge.world.nowMs % EPOCH_MS);
    await edge.pass(leftMs - 3000);
    edge.call(warm, 0, 2900, 3000, 3100, 6000);
    await edge.pass(EPOCH_MS / 4);
  }
  return edge;
}

it("epochs and key-encryption keys follow each other", { timeout: 300_000 }, async () => {
  const { outcomes, kids } = await run(["kek"]);
  expect([...outcomes.keys()]).toEqual(["200 "]);
  const epochs = [...kids].filter((kid) => kid.startsWith("e"));
  expect(epochs.length).toBeGreaterThanOrEqual(ROUNDS);
  console.info(`${outcomes.get("200 ")} calls, ${epochs.length} epochs`);
});

it("seeds, table keys and token keys follow each other", { timeout: 300_000 }, async () => {
  const { outcomes, kids } = await run(["seed", "table", "token"]);
  expect([...outcomes.keys()]).toEqual(["200 "]);
  const seeds = [...kids].filter((kid) => kid.startsWith("s"));
  expect(seeds.length).toBeGreaterThanOrEqual(ROUNDS * 0.6);
  console.info(`${outcomes.get("200 ")} calls, by ${seeds.length} seeds among them`);
});

it("whoever keeps to the bundle's hint believes every token", { timeout: 120_000 }, async () => {
  const { control, memory } = await Rotations.begin();
  const issue = createIssue();
  const algorithm = { name: "ECDSA", namedCurve: "P-256" } as const;
  const pair = await crypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
  if (!("publicKey" in pair)) throw new Error("no key pair was made");
  const jwk = (await crypto.subtle.exportKey("jwk", pair.publicKey)) as JsonWebKey;
  const key = { kty: "EC", crv: "P-256", x: jwk.x ?? "", y: jwk.y ?? "" };
  const bundle = async () => parseBundle(await trustBundle(control), "wit-svid");
  let held = await bundle();
  for (let round = 0; round < ROUNDS; round++) {
    // The next is made; a verifier that asks as often as it is told to has it before it is signed with.
    await control.issuer.rotate("token", false);
    for (const waitMs of [299_000, 2000, 10_800_000]) {
      control.clock.advance(waitMs);
      const { token } = await issue(memory, control, FRONT, key);
      if (held === null) throw new Error("no bundle");
      const verdict = await verifyToken(token, {
        bundles: new Map([[TRUST_DOMAIN, held]]),
        nowS: Math.floor(control.clock.now() / 1000),
        audience: "",
        kind: "wit",
      });
      expect(verdict.ok).toBe(true);
      held = await bundle();
    }
  }
});
