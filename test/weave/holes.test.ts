// The ways around the chain, each closed: no handler runs.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startCloth, type Cloth } from "./cloth.ts";
import { newestDate } from "./differences.ts";
import { attack, attacker, freshContext, reasonOf, sessionProof, type Ask } from "./forge.ts";
import { FRONT, startHoles } from "./hole-cast.ts";
import { bound, runsOf } from "./victims.ts";

let cloth: Cloth;
const dir = mkdtempSync(path.join(tmpdir(), "holes-"));

beforeAll(async () => {
  cloth = await startHoles(dir);
}, 60_000);
afterAll(async () => {
  await cloth.close();
  rmSync(dir, { recursive: true, force: true });
});

/** Says what came back, having seen that nothing ran. */
async function without(ask: Ask): ReturnType<typeof attack> {
  const before = await runsOf(cloth);
  const reply = await attack(cloth, ask);
  expect(await runsOf(cloth), JSON.stringify(reply)).toBe(before);
  return reply;
}
const url = "http://house.example/path";
const front = async (at: string, headers: Record<string, string> = {}): Promise<string> =>
  (await cloth.fetch("front", `http://front.example${at}`, { headers })).text();

describe("a plain binding around the mesh", () => {
  test.each(["NAKED", "NAKED_PLAIN", "NAKED_API", "NAKED_HAND", "NAKED_GOOD", "NAKED_OWN"])(
    "%s is refused by fetch",
    async (binding) => {
      const reply = await without({ binding, url });
      expect(reply.status).toBe(401);
      expect(reasonOf(reply)).toBe("unauthenticated");
    },
  );

  test.each(["NAKED", "NAKED_PLAIN", "NAKED_API", "NAKED_GOOD", "NAKED_OWN", "NAKED_FRONT"])(
    "%s is refused by dispatch",
    async (binding) => {
      for (const member of ["touch", "echo", "hello", "scheduled"]) {
        const reply = await without({ binding, dispatch: [["", [member], ["x"]]] });
        expect(reply).toEqual({ value: { heddleRefused: "unauthenticated" } });
      }
    },
  );

  test.each(["NAKED", "NAKED_PLAIN", "NAKED_API", "NAKED_GOOD", "BOUND", "BOUND_API"])(
    "%s has no member but fetch and dispatch",
    async (binding) => {
      for (const member of [
        "touch",
        "echo",
        "hello",
        "session",
        "heddleCall",
        "weave",
        "poke",
        "inner",
      ])
        expect((await without({ binding, member, args: ["x"] })).error).toMatch(
          /^TypeError: The RPC receiver does not implement the method/,
        );
    },
  );

  test.each(["NAKED", "NAKED_API", "BOUND", "BOUND_API"])(
    "%s cannot play the platform's events",
    async (binding) => {
      for (const member of ["scheduled", "queue", "email", "tail"])
        for (const argument of [
          {},
          { cron: "* * * * *" },
          [],
          [{}],
          null,
          "text",
          { messages: [] },
        ])
          expect((await without({ binding, member, args: [argument] })).error).toMatch(
            /^TypeError: The RPC receiver does not implement the method/,
          );
    },
  );

  test.each(["FLAT", "TEXT", "NUMBER", "SOURCE"])(
    "props that are not ours are none: %s",
    async (binding) => {
      expect(reasonOf(await without({ binding, url }))).toBe("unauthenticated");
      const headers = { heddle: `${freshContext()}|1~c` };
      expect(reasonOf(await without({ binding, url, headers }))).toMatch(
        /^(unauthenticated|weak_proof)$/,
      );
    },
  );

  test("the word of a loopback is believed from nobody else", async () => {
    const envelope = `${freshContext()}|1~l`;
    for (const binding of ["GUESS", "BOUND", "NAKED"]) {
      const reply = await without({ binding, url, headers: { heddle: envelope } });
      expect(reasonOf(reply)).toBe("unauthenticated");
    }
    for (const binding of ["GUESS_API", "BOUND_API", "NAKED_API"]) {
      const reply = await without({ binding, dispatch: [[envelope, ["echo"], ["x"]]] });
      expect(reasonOf(reply)).toBe("unauthenticated");
    }
    expect(await front("/own")).toBe("hello me");
  });

  test("it is an outside caller where the Worker has routes of its own", async () => {
    const headers = { heddle: `${freshContext()}|${sessionProof(cloth, "attacker", "front")}` };
    const reply = await attack(cloth, {
      binding: "NAKED_FRONT",
      url: "http://front.example/",
      headers,
    });
    expect(reply.status).toBe(200);
    expect(reply.text).not.toContain('"heddle"');
  });
});

describe("static assets", () => {
  const asset = "http://house.example/asset.txt";
  test("are served after the chain", async () => {
    expect(await front("/asset")).toBe("an asset");
    const headers = { heddle: `${freshContext()}|${sessionProof(cloth, "attacker", "house")}` };
    expect(await attack(cloth, { binding: "BOUND", url: asset, headers })).toMatchObject({
      status: 200,
      text: "an asset",
    });
  });
  test("and not before it", async () => {
    for (const binding of ["NAKED", "BOUND", "FLAT"]) {
      const reply = await without({ binding, url: asset });
      expect(reasonOf(reply)).toBe("unauthenticated");
      expect(reply.text).not.toContain("an asset");
    }
  });
});

test("a mesh binding is no argument", async () => {
  const before = await runsOf(cloth);
  expect(await front("/give")).toMatch(/^HeddleError bad_argument/);
  expect(await runsOf(cloth)).toBe(before);
});

test("what joins by hand is behind the same chains, and a class that extends what was joined is refused", async () => {
  expect(await front("/hand")).toBe("by hand /path");
  expect(await front("/good")).toBe("hello you");
  for (const member of ["hello", "more"])
    expect(await front(`/wrong?member=${member}`)).toMatch(
      /^TypeError A class may not extend meshed\(Base\)/,
    );
  expect(await front("/wrong-fetch")).toMatch(/^TypeError A class may not extend meshed\(Base\)/);
});

test("what a client says in the mesh's headers does not reach a Worker with routes of its own", async () => {
  const said = {
    heddle: `${freshContext()}|${sessionProof(cloth, "attacker", "front")}`,
    "heddle-reason": "denied",
    "heddle-answer": "1~-~x",
    "heddle-listener": "x default/g/l/80",
    "x-heddle-caller": "default/front",
    X_Heddle_Caller: "default/front",
    "cloudflare-workers-version-overrides": 'house="x"',
    "cloudflare-workers-version-key": "x",
    "x-forwarded-for": "10.0.0.1",
    "x-forwarded-proto": "https",
    "x-original-url": "/admin",
    "cf-access-authenticated-user-email": "admin@example.com",
    "cf-connecting-ip": "203.0.113.7",
    "x-mine": "stays",
  };
  const seen = JSON.parse(await front("/", said)) as [string, string][];
  const names = seen.map(([name]) => name);
  expect(names).toContain("x-mine");
  expect(names.filter((name) => /heddle|version|original|access/.test(name))).toEqual([]);
  expect(Object.fromEntries(seen)).toMatchObject({
    "x-forwarded-for": "203.0.113.7",
    "x-forwarded-proto": "http",
  });
});

test("dev's entrypoint is not there unless in dev", async () => {
  const started = startCloth({
    compatibilityDate: newestDate(),
    isWoven: true,
    dir: `${dir}/dev`,
    workers: [
      attacker({ DEV: bound("front", null, "HeddleDev") }),
      { name: "front", source: FRONT, exports: ["default"] },
    ],
  });
  await expect(started).rejects.toThrow(/HeddleDev/);
});
