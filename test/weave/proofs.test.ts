// Proofs that are not right, in the real runtime: each is refused for its reason, and no handler runs.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { RequestFields } from "../../mesh/identity/request.ts";
import { workloadOf, type Cloth } from "./cloth.ts";
import {
  attack,
  freshContext,
  macFlips,
  reasonOf,
  requestProof,
  sessionProof,
  type Ask,
  type Reply,
} from "./forge.ts";
import { byFetch, byRpc, startVictims } from "./proof-cast.ts";
import { runsOf } from "./victims.ts";
import { changed, fields, WRONG } from "./wrong-proofs.ts";

let cloth: Cloth;
const dir = mkdtempSync(path.join(tmpdir(), "proofs-"));

beforeAll(async () => {
  cloth = await startVictims(dir);
}, 60_000);
afterAll(async () => {
  await cloth.close();
  rmSync(dir, { recursive: true, force: true });
});

const runs = (): Promise<number> => runsOf(cloth);

/** Refused for this reason, and nothing ran. */
async function refused(ask: Ask, reason: string): Promise<Reply> {
  const before = await runs();
  const reply = await attack(cloth, ask);
  expect(reasonOf(reply), JSON.stringify(reply)).toBe(reason);
  expect(await runs()).toBe(before);
  return reply;
}

const own = (audience = "calm", atMs?: number): string =>
  sessionProof(cloth, "attacker", audience, atMs);

describe("at session", () => {
  test("a right proof goes through, by fetch and by RPC", async () => {
    const envelope = `${freshContext()}|${own()}`;
    expect(await attack(cloth, byFetch("CALM", envelope))).toMatchObject({ status: 200 });
    expect(await attack(cloth, byRpc("CALM", envelope))).toEqual({ value: "value" });
  });

  test.each(Object.keys(WRONG))("%s is refused", async (name) => {
    const [reason, proof] = WRONG[name] ?? ["", () => ""];
    const context = freshContext();
    await refused(byFetch("CALM", `${context}|${proof(cloth)}`), reason);
    await refused(byRpc("CALM", `${context}|${proof(cloth)}`), reason);
  });

  test("a missing header is refused", async () => {
    await refused(byFetch("CALM"), "unauthenticated");
    await refused(byRpc("CALM"), "unauthenticated");
  });

  test("a proof cut anywhere is refused", async () => {
    const proof = own();
    for (const end of [1, 3, 5, 10, 20, proof.length - 44, proof.length - 10, proof.length - 1])
      await refused(byFetch("CALM", `${freshContext()}|${proof.slice(0, end)}`), "malformed");
  });

  test("each flipped character of the MAC is refused", async () => {
    const before = await runs();
    for (const proof of macFlips(own())) {
      const envelope = `${freshContext()}|${proof}`;
      expect(reasonOf(await attack(cloth, byFetch("CALM", envelope)))).toBe("bad_mac");
      expect(reasonOf(await attack(cloth, byRpc("CALM", envelope)))).toBe("bad_mac");
    }
    expect(await runs()).toBe(before);
  });

  test("a context that is none is refused, even with a right proof", async () => {
    for (const context of ["nonsense", "", "0~x", freshContext().replace("1~", "0~")])
      await refused(byFetch("CALM", `${context}|${own()}`), "malformed");
  });

  test("whoever is not the relay may not speak for another", async () => {
    const context = freshContext().split("~").with(8, workloadOf("front")).join("~");
    await refused(byFetch("CALM", `${context}|${own()}`), "unauthenticated");
    await refused(byRpc("CALM", `${context}|${own()}`), "unauthenticated");
  });

  test("a stub handed on does not carry its owner's identity", async () => {
    await refused(byFetch("HANDED_ON"), "unauthenticated");
    await refused(byRpc("HANDED_ON"), "unauthenticated");
    await refused(byFetch("HANDED_ON", `${freshContext()}|1~c`), "weak_proof");
    // Until the workload has shown itself over a binding of its own, its proof is not taken over another's.
    const envelope = `${freshContext()}|${own("cool")}`;
    await refused(byFetch("HANDED_ON_COOL", envelope), "unauthenticated");
    await refused(byRpc("HANDED_ON_COOL", envelope), "unauthenticated");
    expect(await attack(cloth, byFetch("COOL", envelope))).toMatchObject({ status: 200 });
  });

  test("headers that claim an identity mean nothing", async () => {
    const headers = {
      "x-mesh-caller": "default/front",
      "heddle-principal": "default/front",
      "x-heddle-caller": "default/front",
    };
    await refused({ ...byFetch("CALM"), headers }, "unauthenticated");
  });

  test("what is no dispatch is refused", async () => {
    const envelope = `${freshContext()}|${own()}`;
    for (const call of [
      [],
      ["text"],
      [null],
      [[envelope]],
      [[envelope, "echo", ["x"]]],
      [[envelope, [1], ["x"]]],
      [[envelope, ["echo"], "x"]],
      [[{}, ["echo"], []]],
    ]) {
      const before = await runs();
      const reply = await attack(cloth, { binding: "CALM_API", dispatch: call });
      expect(reasonOf(reply)).toBe("malformed");
      expect(await runs()).toBe(before);
    }
  });
});

describe("at request", () => {
  const asked = { method: "POST", authority: "victim.example", path: "/a/b", query: "x=1&y=2" };
  const body = "the body";
  const type = "text/plain";
  const all = (context: string): RequestFields => ({ ...asked, context, contentType: type });
  const post = (envelope: string, more: Partial<Ask> = {}): Ask => ({
    binding: "PROUD",
    url: "http://victim.example/a/b?x=1&y=2",
    method: "POST",
    headers: { heddle: envelope, "content-type": type },
    body,
    ...more,
  });
  const proved = (options = {}): { context: string; envelope: string; proof: string } => {
    const context = freshContext();
    const proof = requestProof(cloth, "attacker", "proud", all(context), { body, ...options });
    return { context, proof, envelope: `${context}|${proof}` };
  };

  test("a right proof goes through, once", async () => {
    const { envelope } = proved();
    const reply = await attack(cloth, post(envelope));
    expect(reply).toMatchObject({ status: 200 });
    expect(reply.headers?.["heddle-answer"]).toMatch(/^1~-~[\w-]{43}$/);
    await refused(post(envelope), "replay");
    await refused(post(envelope), "replay");
  });

  test("a right proof of a GET too, and its replay is refused", async () => {
    const context = freshContext();
    const get = { ...asked, method: "GET", context, contentType: "" };
    const envelope = `${context}|${requestProof(cloth, "attacker", "proud", get)}`;
    const ask = {
      binding: "PROUD",
      url: "http://victim.example/a/b?x=1&y=2",
      headers: { heddle: envelope },
    };
    expect(await attack(cloth, ask)).toMatchObject({ status: 200 });
    await refused(ask, "replay");
  });

  test.each<[string, string, Partial<Ask>]>([
    ["the method", "bad_mac", { method: "PUT" }],
    ["the path", "bad_mac", { url: "http://victim.example/a/c?x=1&y=2" }],
    ["the case of the path", "bad_mac", { url: "http://victim.example/a/B?x=1&y=2" }],
    ["an escape in the path", "bad_mac", { url: "http://victim.example/%61/b?x=1&y=2" }],
    ["the query", "bad_mac", { url: "http://victim.example/a/b?x=1&y=3" }],
    ["the order of the query", "bad_mac", { url: "http://victim.example/a/b?y=2&x=1" }],
    ["no query", "bad_mac", { url: "http://victim.example/a/b" }],
    ["bytes moved from query to path", "bad_mac", { url: "http://victim.example/a/bx=1&?y=2" }],
    ["the authority", "bad_mac", { url: "http://other.example/a/b?x=1&y=2" }],
    ["the port", "bad_mac", { url: "http://victim.example:8080/a/b?x=1&y=2" }],
    ["the body", "bad_digest", { body: "the bodY" }],
    ["a longer body", "bad_digest", { body: `${body}.` }],
    ["a very long body", "bad_digest", { body: body.repeat(20_000) }],
    ["no body", "bad_digest", { body: "" }],
  ])("%s swapped is refused", async (_name, reason, more) => {
    await refused(post(proved().envelope, more), reason);
  });

  test("the content type swapped is refused", async () => {
    const { envelope } = proved();
    const headers = { heddle: envelope, "content-type": "text/html" };
    await refused(post(envelope, { headers }), "bad_mac");
  });

  test("another context is refused", async () => {
    const { proof, context } = proved();
    await refused(post(`${freshContext()}|${proof}`), "bad_mac");
    const deeper = context.split("~").with(6, "3").join("~");
    await refused(post(`${deeper}|${proof}`), "bad_mac");
    await refused(post(`${context}~x|${proof}`), "bad_mac");
  });

  test.each<[string, string, (proof: string) => string]>([
    ["subject", "bad_mac", (proof) => changed(proof, 3, workloadOf("front"))],
    ["audience", "wrong_audience", (proof) => changed(proof, 4, workloadOf("calm"))],
    ["time", "bad_mac", (proof) => changed(proof, 5, String(Number(fields(proof)[5]) - 1))],
    ["nonce", "bad_mac", (proof) => changed(proof, 6, crypto.randomUUID())],
    ["digest", "bad_mac", (proof) => changed(proof, 7, "-")],
    ["key id", "unknown_epoch", (proof) => changed(proof, 2, "e5")],
    ["nonce left out", "malformed", (proof) => fields(proof).toSpliced(6, 1).join("~")],
    ["nonce too short", "malformed", (proof) => changed(proof, 6, "abc")],
    ["digest that is none", "malformed", (proof) => changed(proof, 7, "abc")],
    ["MAC cut", "malformed", (proof) => proof.slice(0, -1)],
    ["MAC gone", "malformed", (proof) => changed(proof, 8, "")],
    ["session in its place", "weak_proof", () => sessionProof(cloth, "attacker", "proud")],
    ["props in its place", "weak_proof", () => "1~c"],
    ["nothing in its place", "unauthenticated", () => ""],
  ])("a proof with another %s is refused", async (_name, reason, bend) => {
    const { proof, context } = proved();
    await refused(post(`${context}|${bend(proof)}`), reason);
  });

  test("each flipped character of the MAC is refused", async () => {
    const before = await runs();
    const { proof, context } = proved();
    for (const bent of macFlips(proof))
      expect(reasonOf(await attack(cloth, post(`${context}|${bent}`)))).toBe("bad_mac");
    expect(await runs()).toBe(before);
    expect(await attack(cloth, post(`${context}|${proof}`))).toMatchObject({ status: 200 });
  });

  test("outside its window it is refused", async () => {
    await refused(post(proved({ atMs: Date.now() - 31_000 }).envelope), "stale");
    await refused(post(proved({ atMs: Date.now() + 10_000 }).envelope), "stale");
  });

  test("another caller's right proof is refused", async () => {
    const context = freshContext();
    const proof = requestProof(cloth, "front", "proud", all(context), { body });
    await refused(post(`${context}|${proof}`), "unauthenticated");
    const handedOn = requestProof(cloth, "attacker", "chilly", all(context), { body });
    const ask = post(`${context}|${handedOn}`, { binding: "HANDED_ON_CHILLY" });
    await refused(ask, "unauthenticated");
  });

  test("an RPC's proof holds for its member of its entrypoint, once", async () => {
    const context = freshContext();
    const rpc = {
      method: "rpc",
      authority: workloadOf("proud"),
      query: "",
      context,
      contentType: "",
    };
    const envelope = (member: string): string =>
      `${context}|${requestProof(cloth, "attacker", "proud", { ...rpc, path: member })}`;
    const call = (given: string, member: string, binding = "PROUD_API"): Ask => ({
      binding,
      dispatch: [[given, [member], ["value"]]],
    });
    const right = envelope("Api.echo");
    await refused(call(right, "other"), "bad_mac");
    await refused(call(right, "touch", "PROUD"), "bad_mac");
    await refused({ ...byFetch("PROUD", right) }, "bad_mac");
    expect(await attack(cloth, call(right, "echo"))).toEqual({ value: "value" });
    await refused(call(right, "echo"), "replay");
    await refused(call(envelope("Api.echo.x"), "echo"), "bad_mac");
    await refused(
      byRpc("PROUD", `${context}|${sessionProof(cloth, "attacker", "proud")}`),
      "weak_proof",
    );
  });
});

describe("at strict", () => {
  test("a destination without a fresh sync refuses even what is right", async () => {
    const context = freshContext();
    const get = {
      method: "GET",
      authority: "victim.example",
      path: "/path",
      query: "",
      context,
      contentType: "",
    };
    const envelope = `${context}|${requestProof(cloth, "attacker", "strict", get)}`;
    expect(await refused(byFetch("STRICT", envelope), "not_synced")).toMatchObject({ status: 503 });
    await refused(byRpc("STRICT", envelope), "not_synced");
    await refused(byFetch("STRICT"), "not_synced");
  });
});
