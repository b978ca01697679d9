import { describe, expect, it } from "vitest";
import { digestOf } from "../../../mesh/identity/digest.ts";
import { importTableKey, openTable } from "../../../mesh/identity/table.ts";
import { randomFrom } from "../property.ts";
import { build, bytesOf, CHUNKS, DEFAULTS, ECDSA, keys, open, opened } from "./signed-tables.ts";

describe("openTable", () => {
  it("refuses a slice that cuts its chunks elsewhere", async () => {
    const text = new TextDecoder().decode((await build()).slice("gateways", "host:a/b/c/*"));
    const lengths = Object.values(CHUNKS).map((value) => bytesOf(value).length);
    const [, gateways = 0, host = 0] = lengths;
    const moved = text
      .replace(`"gateways",${gateways}]`, `"gateways",${gateways - 1}]`)
      .replace(`"host:a/b/c/*",${host}]`, `"host:a/b/c/*",${host + 1}]`);
    expect(moved).not.toBe(text);
    expect(await open(new TextEncoder().encode(moved))).toBe("bad_bounds");
  });

  it("takes further fields of a header, and of an entry of a slice's list", async () => {
    const built = await build();
    const later = (bytes: Uint8Array): Uint8Array => {
      const text = new TextDecoder().decode(bytes);
      const list = /\[\["gateways".*?\]\]/.exec(text)?.[0];
      if (list === undefined) return new TextEncoder().encode(text.replace("\n", " newer\n"));
      const longer = list.replace("]", ',"newer"]');
      const header = text.slice(0, text.indexOf("\n")).replace(/\d+$/, `${longer.length} newer`);
      return new TextEncoder().encode(
        header + text.slice(text.indexOf("\n")).replace(list, () => longer),
      );
    };
    for (const bytes of [built.whole, built.slice("gateways")])
      expect((await opened(later(bytes))).chunk("gateways")).toEqual(CHUNKS["gateways"]);
    const [line = ""] = new TextDecoder().decode(built.whole).split("\n");
    const long = `${line} ${"x".repeat(100)}\n`;
    expect(await open(new TextEncoder().encode(long))).toBe("bad_header");
  });

  it("opens a whole table", async () => {
    const { whole } = await build();
    expect(new TextDecoder().decode(whole)).toMatch(/^HEDDLE \d+ [\w-]{86}\n\{"format":1/);
    const table = await opened(whole);
    expect(table.directory.version).toBe(5);
    for (const [id, value] of Object.entries(CHUNKS)) expect(table.chunk(id)).toEqual(value);
    expect(table.chunk("gateways")).toBe(table.chunk("gateways"));
    for (const id of ["service:default/none", "constructor", "__proto__", ""])
      expect(table.chunk(id)).toBeNull();
    expect(table.badChunks()).toBe(0);
  });

  it("opens a slice, which has its chunks only", async () => {
    const { slice } = await build();
    const table = await opened(slice("gateways"));
    expect(table.chunk("gateways")).toEqual(CHUNKS.gateways);
    expect(table.chunk("service:default/cart")).toBeNull();
    expect(table.badChunks()).toBe(0);
    expect((await opened(slice())).directory.version).toBe(5);
  });

  it("opens bytes that lie within a larger buffer", async () => {
    const { whole } = await build();
    const padded = new Uint8Array(whole.length + 20).fill(65);
    padded.set(whole, 10);
    expect((await opened(padded.subarray(10, 10 + whole.length))).chunk("gateways")).toEqual(
      CHUNKS.gateways,
    );
  });

  it("takes only a newer version", async () => {
    const { whole } = await build();
    expect(await open(whole, 5)).toBe("not_newer");
    expect(await open(whole, 6)).toBe("not_newer");
    expect((await opened(whole, 4)).directory.version).toBe(5);
  });

  it("takes a later format with more members unless it needs a newer mesh", async () => {
    const later = { format: 9, stage: { percent: 5 }, defaults: { ...DEFAULTS, more: true } };
    expect((await opened((await build(later)).whole)).directory.format).toBe(9);
    expect(
      await open((await build({ ...later, minMesh: 3, defaults: "changed", chunks: [] })).whole),
    ).toBe("needs_newer_mesh");
  });

  it.each<[string, Record<string, unknown>]>([
    ["no version", { version: undefined }],
    ["a version that is no whole number", { version: 5.5 }],
    ["a negative version", { version: -5 }],
    ["a version as text", { version: "5" }],
    ["no minMesh", { minMesh: null }],
    ["no trust domain", { trustDomain: "" }],
    ["bypass that is no list", { bypass: {} }],
    ["revocations that are no list", { revoked: "default/cart" }],
    ["a revocation that is no text", { revoked: [1] }],
    ["a bypass without feature", { bypass: [{}] }],
    ["no levels", { levels: undefined }],
    ["no chunks", { chunks: null }],
    ["chunks as a list", { chunks: [] }],
    ["a chunk without hash", { chunks: { a: { offset: 0, length: 0 } } }],
    [
      "a chunk with a negative offset",
      { chunks: { a: { hash: "A".repeat(43), offset: -1, length: 0 } } },
    ],
    ["an unknown level", { defaults: { ...DEFAULTS, identity: { level: "none" } } }],
    [
      "a lease that is no number",
      { defaults: { ...DEFAULTS, lease: { normalMs: "1", strictMs: 1 } } },
    ],
    ["an unknown balance", { defaults: { ...DEFAULTS, balance: "random" } }],
    [
      "codes that are no numbers",
      { defaults: { ...DEFAULTS, retry: { ...DEFAULTS.retry, codes: ["500"] } } },
    ],
  ])("refuses a signed directory with %s", async (_title, change) => {
    expect(await open((await build(change)).whole)).toBe("bad_directory");
  });

  it("refuses a signed directory that points outside of the table", async () => {
    const ref = (offset: number, length: number) => ({ hash: "A".repeat(43), offset, length });
    for (const [offset, length] of [
      [0, 10_000],
      [10_000, 0],
      [Number.MAX_SAFE_INTEGER, 1],
    ] as const) {
      expect(await open((await build({ chunks: { a: ref(offset, length) } })).whole)).toBe(
        "bad_bounds",
      );
    }
  });

  it("refuses another's signature and a key that is none", async () => {
    const { whole } = await build();
    const rival = (await crypto.subtle.generateKey(ECDSA, true, [
      "sign",
      "verify",
    ])) as CryptoKeyPair;
    expect(await openTable(whole, rival.publicKey, 0)).toEqual({
      ok: false,
      reason: "bad_signature",
    });
    const jwk = (await crypto.subtle.exportKey("jwk", keys.publicKey)) as JsonWebKey;
    for (const wrong of [
      { kty: "EC" },
      { ...jwk, crv: "P-384" },
      { ...jwk, kty: "oct" },
      { ...jwk, x: "AAAA" },
    ]) {
      expect(await importTableKey(wrong)).toBeNull();
    }
  });

  it.each([
    "",
    "HEDDLE",
    "HEDDLE 1\n",
    "HEDDLER 2 x\n{}",
    `HEDDLE 99 ${"A".repeat(86)}\n{}`,
    `HEDDLE -1 ${"A".repeat(86)}\n{}`,
    `HEDDLE-SLICE 2 ${"A".repeat(86)}\n{}`,
  ])("refuses %j", async (text) => {
    expect(await open(new TextEncoder().encode(text))).toBe("bad_header");
  });

  it("is never taken in with a byte changed, or its chunk is null", async () => {
    const built = await build();
    const random = randomFrom(21);
    for (const bytes of [built.whole, built.slice("gateways", "host:a/b/c/*")]) {
      const intact = await opened(bytes);
      for (let round = 0; round < 400; round += 1) {
        const damaged = bytes.slice();
        const at = Math.floor(random() * bytes.length);
        damaged[at] = (damaged[at] ?? 0) ^ (1 << Math.floor(random() * 8));
        const table = await open(damaged);
        if (typeof table === "string") continue;
        const chunks = Object.keys(CHUNKS).map((id) => table.chunk(id));
        expect(table.badChunks()).toBe(1);
        for (const [i, id] of Object.keys(CHUNKS).entries()) {
          expect([null, intact.chunk(id)]).toContainEqual(chunks[i]);
        }
      }
    }
  });

  it("refuses what is cut short", async () => {
    const { whole, slice } = await build();
    for (const bytes of [whole, slice("gateways")]) {
      for (const cut of [1, 10, 50, bytes.length - 100, bytes.length - 1]) {
        expect(typeof (await open(bytes.subarray(0, bytes.length - cut)))).toBe("string");
      }
    }
  });

  it("takes the digest of all chunks for that of each, and hashes each where that does not hold", async () => {
    const all = Object.values(CHUNKS).map((value) => bytesOf(value));
    const body = digestOf(new Uint8Array(Buffer.concat(all)));
    const whole = (await build({ body })).whole;
    expect((await opened(whole)).chunk("gateways")).toEqual(CHUNKS.gateways);
    const damaged = whole.slice();
    damaged[damaged.length - 3] = 0;
    const table = await opened(damaged);
    expect(table.chunk("host:a/b/c/*")).toBeNull();
    expect(table.chunk("gateways")).toEqual(CHUNKS.gateways);
    const slice = (await build({ body })).slice("gateways");
    expect((await opened(slice)).chunk("gateways")).toEqual(CHUNKS.gateways);
    // Hashes of single chunks are not looked at where the signed one of all of them holds.
    const wrong = Object.fromEntries(
      Object.keys(CHUNKS).map((id, at) => [
        id,
        {
          hash: digestOf(new Uint8Array([at])),
          offset: all.slice(0, at).reduce((sum, { length }) => sum + length, 0),
          length: all[at]?.length,
        },
      ]),
    );
    const quick = await opened((await build({ body, chunks: wrong })).whole);
    expect(quick.chunk("gateways")).toEqual(CHUNKS.gateways);
    expect((await opened((await build({ chunks: wrong })).whole)).chunk("gateways")).toBeNull();
  });

  it("counts a wrong chunk once, keeps the others, and never takes it over", async () => {
    const { whole } = await build();
    const damaged = whole.slice();
    damaged[damaged.length - 3] = 0;
    const table = await opened(damaged);
    for (let i = 0; i < 2; i += 1) expect(table.chunk("host:a/b/c/*")).toBeNull();
    expect(table.badChunks()).toBe(1);
    expect(table.chunk("gateways")).toEqual(CHUNKS.gateways);
    const next = await opened((await build({ version: 6 })).whole, 5, table);
    expect(next.chunk("host:a/b/c/*")).toEqual(CHUNKS["host:a/b/c/*"]);
  });

  it("takes parsed chunks over where their hash stayed", async () => {
    const first = await opened((await build()).whole);
    const [cart, gateways] = [first.chunk("service:default/cart"), first.chunk("gateways")];
    const changed = { ...CHUNKS, gateways: { listeners: [1] } };
    const second = await opened((await build({ version: 6 }, changed)).whole, 5, first);
    expect(second.chunk("service:default/cart")).toBe(cart);
    expect(second.chunk("gateways")).toEqual({ listeners: [1] });
    const third = await opened((await build({ version: 7 })).slice("gateways"), 6, second);
    expect(third.chunk("service:default/cart")).toBe(cart);
    expect(third.chunk("gateways")).toEqual(gateways);
  });

  it("refuses a slice whose list is not the directory's", async () => {
    const { slice } = await build();
    const text = new TextDecoder().decode(slice("gateways"));
    for (const [from, to] of [
      ['[["gateways"', '[["gatewayz"'],
      [",16]", ",15]"],
      ['[["gateways",16]]', '["gateways",1,16]'],
      ['[["gateways",16]]', '[["gateways",16]}'],
    ] as const) {
      expect(text).toContain(from);
      expect(await open(new TextEncoder().encode(text.replace(from, to)))).toBe("bad_bounds");
    }
  });
});
