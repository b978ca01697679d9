// A bundle as an origin holds it: kept while its source is down, asked for seldom, and never older than what is held.
import { beforeEach, describe, expect, it } from "vitest";
import {
  createBundleSource,
  type BundleSource,
  type TrustBundle,
} from "../../../../mesh/identity.ts";
import {
  dueMs,
  NO_BUNDLE,
  refreshMs,
  tookBundle,
} from "../../../../mesh/identity/outward/bundle-state.ts";

const key = (kid: string) => ({ kid, kty: "EC", use: "wit-svid", crv: "P-256", x: "x", y: "y" });
const json = (kids: readonly string[], sequence: number, hint = 300): string =>
  JSON.stringify({ keys: kids.map(key), spiffe_sequence: sequence, spiffe_refresh_hint: hint });

let nowMs: number;
let fetches: number;
let answer: () => Response;
let source: BundleSource;
beforeEach(() => {
  nowMs = 1_800_000_000_000;
  fetches = 0;
  answer = () => new Response(json(["a"], 1));
  source = createBundleSource({
    url: "https://one.example/bundle",
    now: () => nowMs,
    fetch: (_url, { redirect }) => {
      fetches += 1;
      expect(redirect).toBe("manual");
      return Promise.resolve(answer());
    },
  });
});

const kids = (bundle: TrustBundle | null): readonly string[] | null =>
  bundle === null ? null : [...bundle.keys.keys()];
/** What is held once a look that was begun has ended. */
async function settled(): Promise<readonly string[] | null> {
  await source.current();
  await new Promise((resolve) => setImmediate(resolve));
  return kids(await source.current());
}

it("the last good bundle holds while its source is down; without one nothing does", async () => {
  expect(await settled()).toEqual(["a"]);
  answer = () => new Response(null, { status: 500 });
  for (let minute = 0; minute < 10; minute++) {
    nowMs += 60_000;
    expect(await settled()).toEqual(["a"]);
  }
  const fresh = createBundleSource({ url: "https://x", fetch: () => Promise.resolve(answer()) });
  expect(await fresh.current()).toBeNull();
});

it("a thousand unknown keys in ten seconds ask at most once", async () => {
  await source.current();
  fetches = 0;
  for (let token = 0; token < 1000; token++) {
    nowMs += 10;
    await source.again();
  }
  expect(fetches).toBe(0);
  nowMs += 30_000;
  answer = () => new Response(json(["a", "b"], 2));
  const found = await Promise.all(Array.from({ length: 100 }, () => source.again()));
  expect(new Set(found.map((bundle) => kids(bundle)?.join(" ")))).toEqual(new Set(["a b"]));
  expect(fetches).toBe(1);
});

it("asks again by the hint, and goes back to no lower sequence", async () => {
  await source.current();
  nowMs += 299_000;
  await source.current();
  expect(fetches).toBe(1);
  answer = () => new Response(json(["b"], 0));
  nowMs += 2000;
  expect(await settled()).toEqual(["a"]);
  expect(fetches).toBe(2);
  answer = () => new Response(json([], 2));
  nowMs += 301_000;
  expect(await settled()).toEqual([]);
});

it.each<[string, () => Response]>([
  [
    "a redirect",
    () => new Response(null, { status: 302, headers: { location: "http://10.0.0.1" } }),
  ],
  ["no JSON", () => new Response("<html>")],
  ["a member twice", () => new Response('{"keys":[],"keys":[]}')],
  ["no keys", () => new Response("{}")],
  ["too much", () => new Response(`{"keys":[],"x":"${"x".repeat(300_000)}"}`)],
  ["no UTF-8", () => new Response(new Uint8Array([0x7b, 0xff, 0x7d]))],
])("%s is no bundle", async (_what, given) => {
  answer = given;
  expect(await source.current()).toBeNull();
});

describe("when to ask again", () => {
  const held = (refreshS: number | null): TrustBundle => ({
    keys: new Map(),
    otherUse: new Set(),
    sequence: null,
    refreshS,
  });

  it.each([
    [null, 300],
    [1, 60],
    [900, 900],
    [1e9, 86_400],
  ])("by a hint of %s s after %s s", (hint, seconds) => {
    expect(refreshMs({ held: held(hint) })).toBe(seconds * 1000);
  });

  it("after failures with growing patience, up to the hint", () => {
    let state = tookBundle(NO_BUNDLE, held(300), 0);
    const waits: number[] = [];
    for (let failure = 0; failure < 7; failure++) {
      state = tookBundle(state, null, 0);
      waits.push(dueMs(state) / 1000);
    }
    expect(waits).toEqual([15, 30, 60, 120, 240, 300, 300]);
    expect(state.held).not.toBeNull();
  });
});
