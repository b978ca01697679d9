// What is too long is refused before anything dear is done with it.
import { expect, it } from "vitest";
import { policyPath } from "../../../mesh/algorithms/authorize/path.ts";
import { parseProof } from "../../../mesh/identity/envelope.ts";
import { verifyUser } from "../../../mesh/identity/jose/end-user.ts";
import { parseJws, SVID_ALGORITHMS } from "../../../mesh/identity/outward/compact.ts";

const LONG = 65_536;
/** Of five runs the quickest: the machine may be busy. */
function quickestMs(run: () => unknown): number {
  const times = Array.from({ length: 5 }, () => {
    const startMs = performance.now();
    run();
    return performance.now() - startMs;
  });
  return Math.min(...times);
}

const READERS: readonly [string, (text: string) => unknown][] = [
  ["a proof", (text) => parseProof(text)],
  ["a token", (text) => parseJws(text, SVID_ALGORITHMS)],
  ["a path", (text) => policyPath(`/${text}`)],
];
const TEXTS = ["a", "~", ".", "a.", "%61", "1~", "{", '{"a":'];

it.each(READERS)("%s of 64 KiB is refused within 5 ms", (_what, read) => {
  for (const text of TEXTS) {
    const long = text.repeat(LONG / text.length);
    expect([null, "too-large", "malformed"], text).toContain(read(long));
    expect(quickestMs(() => read(long))).toBeLessThan(5);
  }
});

it("a header Authorization of 64 KiB is refused", async () => {
  const verdict = await verifyUser(`Bearer ${"a.".repeat(LONG / 2)}`, [], 0);
  expect(verdict).toHaveProperty("fault");
});
