// The key of the table signature changes, and every isolate follows from the key it was told at its deploy.
import { expect, it } from "vitest";
import { createRevocations } from "../../../durable-objects/issuer/revocations.ts";
import { createSeal } from "../../../durable-objects/issuer/seal.ts";
import { STEPS } from "../../../durable-objects/issuer/schema.ts";
import { createSecretRows } from "../../../durable-objects/issuer/secret-rows.ts";
import { createTableKeys } from "../../../durable-objects/issuer/table-keys.ts";
import { migrate } from "../../../durable-objects/sql.ts";
import { signTable } from "../../../control/sign/sign.ts";
import { compile } from "../../../control/compile/compile.ts";
import type { Revocation } from "../../../mesh/contract/identity.ts";
import type { SignedBy } from "../../../mesh/contract/table.ts";
import type { Wiring } from "../../../mesh/contract/wiring.ts";
import { createKeyring } from "../../../mesh/identity/keyring.ts";
import { writeTable } from "../../../mesh/identity/table-frame.ts";
import { MOST_LINKS, followKey } from "../../../mesh/identity/table-keys.ts";
import type { MeshBindings } from "../../../mesh/platform/bindings.ts";
import { bornKnowledge, createSync } from "../../../mesh/platform/sync.ts";
import { late } from "../../../mesh/weave/late.ts";
import { memorySql, testClock } from "../../durable-objects/memory-sql.ts";

const DAY_MS = 86_400_000;

async function setUp() {
  const clock = testClock();
  const sql = memorySql();
  migrate(sql, STEPS);
  const rows = createSecretRows(sql, await createSeal("A".repeat(43), clock), clock);
  const keys = createTableKeys({ sql, rows, clock });
  let version = 0;
  const revocations = createRevocations(sql, clock);
  const issuer = {
    signTable: keys.sign,
    tableSignedBy: keys.signedBy,
    revocations: async () => revocations.all(),
  };
  /** A new table, signed by whoever signs now; `signed` in place of what control would say. */
  const publish = async (signed?: SignedBy): Promise<Uint8Array<ArrayBuffer>> => {
    version += 1;
    const { directory, chunks } = compile({ resources: [], version, previous: 0, nowMs: 1 });
    if (signed === undefined) return new Uint8Array(await signTable({ directory, chunks }, issuer));
    const bytes = new TextEncoder().encode(JSON.stringify({ ...directory, signed }));
    return writeTable(bytes, (await keys.sign(bytes)).signature, chunks);
  };
  return { clock, keys, publish, revocations };
}

/** An isolate that was told a key at its deploy; `serve` is what KV has, and what control says of revocations. */
function isolateWith(tableKey: JsonWebKey) {
  const known = bornKnowledge();
  let held: Uint8Array<ArrayBuffer> | null = null;
  let revocations: readonly Revocation[] = [];
  const bindings = {
    control: {
      join: async () => ({
        keys: { audience: [], pairs: {} },
        revocations,
        table: held,
      }),
    },
    pulse: null,
    table: null,
    kek: null,
  } as unknown as MeshBindings;
  const wiring = { tableKey, table: null, seed: null, workload: "a/b" } as unknown as Wiring;
  const ring = createKeyring("mesh.internal", "a/b");
  const sync = createSync(known, ring, bindings, wiring, async () => late);
  return {
    known,
    async take(bytes: Uint8Array<ArrayBuffer>, revoked: readonly Revocation[] = []) {
      held = bytes;
      revocations = revoked;
      known.nack = null;
      await sync.poke();
      return known.nack?.["reason"] ?? "taken";
    },
  };
}

it("no table is refused over rotations, however far behind an isolate is", async () => {
  const { keys, publish } = await setUp();
  const first = await keys.publicPart();
  const [always, seldom] = [isolateWith(first), isolateWith(first)];
  expect(await always.take(await publish())).toBe("taken");
  for (let turn = 1; turn <= 40; turn++) {
    expect(await keys.rotate(true)).toBe(`t${turn + 1}`);
    const table = await publish();
    expect(await always.take(table)).toBe("taken");
    if (turn % MOST_LINKS === 0) expect(await seldom.take(table)).toBe("taken");
    if (turn === MOST_LINKS) expect(await isolateWith(first).take(table)).toBe("taken");
  }
  // So far behind a Worker is woven anew.
  expect(await isolateWith(first).take(await publish())).toBe("bad_signature");
  expect(await isolateWith(await keys.publicPart()).take(await publish())).toBe("taken");
});

it("the next key is ready in time, and takes over by itself", async () => {
  const { clock, keys, publish } = await setUp();
  const isolate = isolateWith(await keys.publicPart());
  const used = new Set<string>();
  for (let day = 0; day < 720; day += 10) {
    await keys.prepare();
    used.add((await keys.signedBy()).by);
    expect(await isolate.take(await publish())).toBe("taken");
    const states = keys.slots().map(({ state }) => state);
    expect(states.filter((state) => state === "active")).toHaveLength(1);
    clock.advance(10 * DAY_MS);
  }
  expect(used.size).toBeGreaterThan(3);
});

it("an older key is not taken back, and one that nobody vouches for not taken at all", async () => {
  const [mine, other] = [await setUp(), await setUp()];
  const isolate = isolateWith(await mine.keys.publicPart());
  const early = await mine.keys.signedBy();
  await mine.keys.rotate(true);
  expect(await isolate.take(await mine.publish())).toBe("taken");
  // Somebody else's key, with the honest links and with links of their own.
  await other.publish();
  await other.publish();
  await other.keys.rotate(true);
  const links = (await mine.keys.signedBy()).links;
  expect(await isolate.take(await other.publish({ by: "t2", links }))).toBe("bad_signature");
  expect(await isolate.take(await other.publish())).toBe("bad_signature");
  expect(early.links).toEqual([]);
});

it("links that lead to a key that did not sign move nobody", async () => {
  const { keys, publish } = await setUp();
  const isolate = isolateWith(await keys.publicPart());
  const stranger = await setUp();
  const ahead = await (async () => {
    await keys.rotate(true);
    return keys.signedBy();
  })();
  expect(await isolate.take(await stranger.publish(ahead))).toBe("bad_signature");
  expect(await isolate.take(await publish())).toBe("taken");
});

it("a revoked key signs nothing that is taken; the one it vouched for does", async () => {
  const { keys, publish, revocations } = await setUp();
  const isolate = isolateWith(await keys.publicPart());
  const old = await publish();
  const revoked = revocations.add({ kind: "kid", value: "t1" });
  expect(await isolate.take(old, revoked)).toBe("bad_signature");
  expect((await keys.signedBy()).by).toBe("t2");
  expect(await isolate.take(await publish(), revoked)).toBe("taken");
});

it("whatever is changed in a link, it leads nowhere", async () => {
  const { keys, publish } = await setUp();
  const first = await keys.publicPart();
  await keys.rotate(true);
  await keys.rotate(true);
  const { by, links } = await keys.signedBy();
  expect(await followKey(await publish(), first)).toMatchObject({ kid: by });
  for (const index of links.keys())
    for (const field of ["kid", "x", "y", "signature"] as const) {
      const changed = links.map((link, at) => {
        const text = link[field];
        const end = text.startsWith("A") ? "B" : "A";
        return at === index ? { ...link, [field]: end + text.slice(1) } : link;
      });
      expect(await followKey(await publish({ by, links: changed }), first)).toBeNull();
    }
  const odd = [{}, { by, links: 1 }, { by, links: [null] }, { by, links: [{ ...links[0], x: 1 }] }];
  for (const signed of odd)
    expect(await followKey(await publish(signed as unknown as SignedBy), first)).toBeNull();
});
