// The token an isolate proves itself with: waited for only while there is none, renewed in the background, never used past its end.
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { createSigner, type SignerOf } from "../../../mesh/platform/workload-token.ts";

const LIFE_MS = 600_000;
const keeper = { waitUntil: (work: Promise<unknown>) => void work.catch(() => undefined) };

let given: JsonWebKey[];
let answer: () => Promise<{ token: string; endMs: number }>;
let signerOf: SignerOf;
beforeEach(() => {
  vi.useFakeTimers({ now: 1_800_000_000_000 });
  given = [];
  answer = async () => ({ token: `t${given.length}`, endMs: Date.now() + LIFE_MS });
  signerOf = createSigner({
    identity: (key) => {
      given.push(key);
      return answer();
    },
  });
});
afterEach(() => void vi.useRealTimers());

const token = async (): Promise<string | null> => (await signerOf(keeper))?.token ?? null;
/** Until what runs in the background has ended. */
const settled = (): Promise<void> => vi.waitFor(() => expect(given.length).toBeGreaterThan(1));

it("is asked for once, with the public half of one key only", async () => {
  expect(await token()).toBe("t1");
  expect(await token()).toBe("t1");
  expect(given).toHaveLength(1);
  expect(Object.keys(given[0] ?? {}).toSorted()).toEqual(["crv", "kty", "x", "y"]);
});

it("is renewed two minutes before its end, while the old one goes on", async () => {
  await token();
  vi.advanceTimersByTime(LIFE_MS - 120_000 + 1);
  expect(await token()).toBe("t1");
  await settled();
  await vi.waitFor(async () => expect(await token()).toBe("t2"));
  expect(given[1]).toEqual(given[0]);
});

it("is not used past its end, and control that is away is not asked more than once a second", async () => {
  await token();
  answer = () => Promise.reject(new Error("away"));
  vi.advanceTimersByTime(LIFE_MS - 60_000);
  for (let call = 0; call < 5; call++) expect(await token()).toBe("t1");
  expect(given).toHaveLength(2);
  vi.advanceTimersByTime(56_000);
  expect(await token()).toBeNull();
});

it("is waited for a second at most", async () => {
  answer = () => new Promise(() => undefined);
  const waited = token();
  await vi.advanceTimersByTimeAsync(1001);
  expect(await waited).toBeNull();
});

it("is nobody's without control", async () => {
  expect(await createSigner(null)(keeper)).toBeNull();
});
