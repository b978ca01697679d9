import { readFileSync, statSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import path from "node:path";
import { expect, test } from "vitest";
import type { KeySet } from "../../../mesh/contract/identity.ts";
import { unwrapKeys } from "../../../mesh/identity/seed.ts";
import { collectKeys, keptKeks } from "../../../cli/weave/keys.ts";
import { SEED_LIFE_MS } from "../../../mesh/contract/identity.ts";
import { makeProject } from "../project/temp-project.ts";

const KEYS: KeySet = {
  audience: [{ kid: "s1", secret: "a".repeat(43) }],
  pairs: { "default/b": [{ kid: "s1", secret: "b".repeat(43) }] },
};
const NOW = 1_800_000_000_000;

test("with neither control nor state there is nothing, and a note says what that means", async () => {
  const dir = makeProject({});
  const found = await collectKeys(["default/a"], { stateDir: dir, env: {}, nowMs: NOW });
  expect(found).toMatchObject({ table: null, tableKey: null, seeds: {} });
  expect(found.notes).toEqual([expect.stringContaining("woven without a table or deploy seed")]);
});

test("the state of a dev mesh gives table, key and seeds; wrapping keys are made and kept", async () => {
  const dir = makeProject({
    "table.bin": "HEDDLE 1 x\n",
    "table-key.json": '{"kty":"EC"}',
    "seeds/default.a.json": JSON.stringify(KEYS),
  });
  const sources = { stateDir: dir, env: {}, nowMs: NOW };
  const found = await collectKeys(["default/a", "default/other"], sources);
  expect(found.table).toBe(Buffer.from("HEDDLE 1 x\n").toString("base64"));
  expect(found.tableKey).toEqual({ kty: "EC" });
  expect(Object.keys(found.seeds)).toEqual(["default/a"]);
  expect(found.notes).toEqual([expect.stringContaining("wrangler secret put HEDDLE_KEK")]);

  const file = path.join(dir, "keks.json");
  expect(statSync(file).mode & 0o077).toBe(0);
  const keks = JSON.parse(readFileSync(file, "utf8")) as Record<string, string>;
  const seed = found.seeds["default/a"]!;
  expect(seed.notAfterMs).toBe(NOW + SEED_LIFE_MS);
  expect(await unwrapKeys(seed, keks["default/a"]!, "default/a")).toEqual(KEYS);

  const again = await collectKeys(["default/a"], sources);
  expect(again.notes).toEqual([]);
  expect(JSON.parse(readFileSync(file, "utf8"))).toEqual(keks);
  expect(keptKeks(dir, ["default/b"]).all).toMatchObject(keks);
});

test("HEDDLE_KEK wraps where it is set, and must be a key", async () => {
  const dir = makeProject({ "seeds/default.a.json": JSON.stringify(KEYS) });
  const kek = Buffer.alloc(32, 7).toString("base64url");
  const collect = (value: string) =>
    collectKeys(["default/a"], { stateDir: dir, env: { HEDDLE_KEK: value }, nowMs: NOW });
  const found = await collect(kek);
  expect(await unwrapKeys(found.seeds["default/a"]!, kek, "default/a")).toEqual(KEYS);
  await expect(collect("short")).rejects.toThrow("HEDDLE_KEK is not the base64url of 32 bytes");
});

test("HEDDLE_CONTROL is asked first, with the token", async () => {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(`${request.url} ${request.headers.authorization}`);
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify({ table: "dGFibGU=", publicKey: { kty: "EC" }, seed: KEYS }));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const env = { HEDDLE_CONTROL: `http://127.0.0.1:${port}/`, HEDDLE_TOKEN: "t" };
  const stateDir = makeProject({ "table.bin": "other" });
  const found = await collectKeys(["default/a", "infra/b"], { stateDir, env, nowMs: NOW });
  server.close();
  expect(found).toMatchObject({ table: "dGFibGU=", tableKey: { kty: "EC" } });
  expect(Object.keys(found.seeds)).toEqual(["default/a", "infra/b"]);
  expect(asked.sort()).toEqual(["/v1/weave/default/a Bearer t", "/v1/weave/infra/b Bearer t"]);
  await expect(collectKeys(["default/a"], { stateDir, env, nowMs: NOW })).rejects.toThrow(
    /does not answer/,
  );
});
