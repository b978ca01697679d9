// The attacks of docs/threat-model.md that are made with bindings and keys of a Worker of the mesh, by their numbers there.
import { expect } from "vitest";
import { BARE, type Row } from "./acceptance-stage.ts";
import { deny, verdictOf } from "./acceptance-cast.ts";

export const INSIDE: readonly Row[] = [
  [
    1,
    "a call without a proof",
    async (stage) => {
      const dispatch = { act: "dispatch", to: "default/vault", entrypoint: "Methods" };
      await stage.expectVerdicts("vault", [stage.raw(BARE)], "401 unauthenticated");
      const call = { ...dispatch, call: ["", ["who"], []] };
      await stage.expectVerdicts("vault", [stage.raw(call)], '{"heddleRefused":"unauthenticated"}');
    },
  ],

  [
    2,
    "a header of the caller that names another workload",
    async (stage) => {
      const headers = Object.fromEntries(
        ["x-mesh-caller", "x-heddle-caller", "heddle-principal", "x-forwarded-client-cert"].map(
          (name) => [name, "default/front"],
        ),
      );
      const claim = { caller: "other", path: "/vault/seen/x", headers };
      await stage.expectVerdicts("vault", [stage.asked(claim)], "403 not_allowed");
      await stage.expectVerdicts("vault", [stage.raw({ ...BARE, headers })], "401 unauthenticated");
      await stage.expectVerdicts("vault", [stage.asked({ ...claim, caller: "front" })], "200", 1);
    },
  ],

  [
    3,
    "a stub that another Worker was handed",
    async (stage) => {
      const own = { act: "hand", to: "default/vault", ask: await stage.thief.proved() };
      const handed = {
        act: "fetch",
        to: "default/owner",
        url: "http://owner.example/",
        method: "POST",
      };
      const told = await stage.thief.act({ ...handed, body: JSON.stringify(own) });
      expect(verdictOf(JSON.parse(told.text ?? "{}") as object)).toBe("401 unauthenticated");
      const bare = { ...own, ask: BARE };
      await stage.expectVerdicts(
        "vault",
        [
          async () => {
            const answer = await stage.thief.act({ ...handed, body: JSON.stringify(bare) });
            return verdictOf(JSON.parse(answer.text ?? "{}") as object);
          },
        ],
        "401 unauthenticated",
      );
    },
  ],

  [
    4,
    "another method than was proved",
    async (stage) => {
      const attack = { method: "POST", body: "a", sent: { method: "PUT" } };
      await stage.expectVerdicts("vault", [stage.stolen(attack)], "401 bad_mac");
    },
  ],

  [
    5,
    "another body than was proved",
    async (stage) => {
      const attack = { method: "POST", body: "a", sent: { body: "b" } };
      await stage.expectVerdicts("vault", [stage.stolen(attack)], "401 bad_digest");
    },
  ],

  [
    6,
    "bytes moved between path and query",
    async (stage) => {
      const attack = { query: "a=1", sent: { url: "http://victim.example/seen/xa?=1" } };
      await stage.expectVerdicts("vault", [stage.stolen(attack)], "401 bad_mac");
    },
  ],

  [
    7,
    "a proof without its nonce",
    async (stage) => {
      const bend = (proof: string): string => proof.split("~").toSpliced(6, 1).join("~");
      await stage.expectVerdicts("vault", [stage.stolen({ bend })], "400 malformed");
    },
  ],

  [
    8,
    "the same proof twice at one isolate",
    async (stage) => {
      const once = await stage.thief.proved();
      await stage.expectVerdicts("vault", [stage.raw(once)], "200", 1);
      await stage.expectVerdicts("vault", [stage.raw(once), stage.raw(once)], "409 replay");
    },
  ],

  [
    9,
    "the same proof shown 50 times over, strict",
    async (stage) => {
      // Where only isolates remember, another one takes it once more: so each of these is another one.
      const light = stage.raw(await stage.thief.proved());
      expect([await light(), await light()]).toEqual(["200", "409 replay"]);
      await stage.mesh.fault("isolate:default/vault", "restart");
      expect(await light()).toBe("200");
      const once = await stage.thief.proved({ to: "default/flaky", method: "POST", body: "pay" });
      const before = await stage.runsOf("flaky");
      const verdicts: string[] = [];
      for (let isolate = 0; isolate < 50; isolate++) {
        // As another isolate: nothing is left of what it remembered.
        await stage.mesh.fault("isolate:default/flaky", "restart");
        verdicts.push(await stage.raw(once)());
      }
      expect(verdicts).toEqual(["200", ...Array.from({ length: 49 }, () => "409 replay")]);
      expect((await stage.runsOf("flaky")) - before).toBe(1);
    },
  ],

  [
    10,
    "the guard is away, strict",
    async (stage) => {
      const post = { to: "default/flaky", method: "POST", body: "pay" };
      await stage.mesh.fault("objects:ReplayGuard", "down");
      try {
        await stage.expectVerdicts("flaky", [stage.stolen(post)], "503 no_guard");
        await stage.expectVerdicts(
          "vault",
          [stage.stolen({ method: "POST", body: "pay" })],
          "200",
          1,
        );
      } finally {
        await stage.mesh.fault("objects:ReplayGuard", "ok");
      }
      await stage.expectVerdicts("flaky", [stage.stolen(post)], "200", 1);
    },
  ],

  [
    11,
    "a proof from too long ago, or to come",
    async (stage) => {
      const at = (ms: number) => stage.stolen({ atMs: Date.now() + ms });
      await stage.expectVerdicts("vault", [at(-31_000), at(10_000)], "401 stale");
    },
  ],

  [
    12,
    "a proof for another audience",
    async (stage) => {
      const elsewhere = async () => {
        const proved = await stage.thief.proved({ to: "default/echo-v1" });
        return verdictOf(await stage.thief.act({ ...proved, to: "default/vault" }));
      };
      await stage.expectVerdicts("vault", [elsewhere], "401 wrong_audience");
    },
  ],

  [
    13,
    "policy denies what it allowed",
    async (stage) => {
      const shut = (name: string) =>
        deny(`${name}-shut`, [name], { from: [{ principals: ["default/thief"] }] });
      const strict = { to: "default/flaky" };
      await stage.expectVerdicts("vault", [stage.stolen({})], "200", 1);
      await stage.expectVerdicts("flaky", [stage.stolen(strict)], "200", 1);
      const beganMs = performance.now();
      await stage.apply(shut("vault"), shut("flaky"));
      await stage.expectVerdicts("vault", [stage.stolen({})], "403 denied");
      await stage.expectVerdicts("flaky", [stage.stolen(strict)], "403 denied");
      expect(performance.now() - beganMs).toBeLessThan(5000);
      const nobody = { from: [{ principals: ["default/nobody"] }] };
      await stage.apply(...["vault", "flaky"].map((name) => deny(`${name}-shut`, [name], nobody)));
      await stage.expectVerdicts("vault", [stage.stolen({})], "200", 1);
    },
  ],

  [
    14,
    "an answer without its proof",
    async (stage) => {
      const { status, text } = await stage.thief.act({
        act: "mesh",
        to: "owner",
        url: "http://owner/",
      });
      expect(verdictOf({ status: status ?? 0, text: text ?? "" })).toBe("502 bad_answer");
      expect(text).not.toContain("not proved by anybody");
    },
  ],
];
