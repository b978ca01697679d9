// When a table version counts as in use.
import { expect, it } from "vitest";
import { convergenceOf } from "../../../control/status/convergence.ts";

const PUBLISHED = 100_000;
const LEASE = 30_000;
const seen = (version: number, seenMs: number) => ({
  workload: "default/a",
  isolate: `${version}@${seenMs}`,
  version,
  seenMs,
  nack: null,
});
const judge = (nowMs: number, isolates: readonly ReturnType<typeof seen>[], version = 7) =>
  convergenceOf({
    version,
    newest: { version: 7, atMs: PUBLISHED },
    seen: isolates,
    leaseMs: LEASE,
    nowMs,
  });

it.each([
  ["just published, nobody known", PUBLISHED + 10, [], false],
  ["settled, nobody known", PUBLISHED + 1000, [], true],
  ["all acknowledged", PUBLISHED + 1000, [seen(7, PUBLISHED + 500)], true],
  ["a later version is as good", PUBLISHED + 1000, [seen(8, PUBLISHED + 500)], true],
  ["one still on the old within its lease", PUBLISHED + 1000, [seen(6, PUBLISHED - 1000)], false],
  ["that one's lease has passed", PUBLISHED + 29_000, [seen(6, PUBLISHED - 1000)], true],
  ["reported the old one after publication", PUBLISHED + 29_000, [seen(6, PUBLISHED + 500)], false],
  ["the lease has passed for everybody", PUBLISHED + LEASE, [seen(6, PUBLISHED + 29_999)], true],
] as const)("%s", (_name, nowMs, isolates, inUse) => {
  expect(judge(nowMs, isolates).inUse).toBe(inUse);
});

it("a version that was not published is not in use", () => {
  expect(judge(PUBLISHED + LEASE, [], 8).inUse).toBe(false);
});

it("names who is waited for", () => {
  const { pending, acknowledged } = judge(PUBLISHED + 1000, [
    seen(6, PUBLISHED),
    seen(7, PUBLISHED),
    seen(5, PUBLISHED - LEASE),
  ]);
  expect(pending.map(({ version }) => version)).toEqual([6]);
  expect(acknowledged.map(({ version }) => version)).toEqual([7]);
});
