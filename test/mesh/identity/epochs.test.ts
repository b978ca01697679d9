// Epochs that follow each other: isolates that joined at different times prove and verify without a gap.
import { expect, it } from "vitest";
import { EPOCH_MS } from "../../../mesh/contract/identity.ts";
import { randomFrom } from "../property.ts";
import { CALLEE, CALLER, EPOCH, ringOf } from "./parties.ts";

const around = (epoch: number): string[] => [epoch - 1, epoch, epoch + 1].map((one) => `e${one}`);

it("1,000 rotations: whatever a caller proves with, its callee knows", () => {
  const random = randomFrom(2);
  for (let rotation = 0; rotation < 1000; rotation++) {
    const epoch = EPOCH + rotation;
    // Each side joined in this epoch or the one before: it joins again once the next epoch's keys are missing.
    const caller = ringOf(CALLER, around(epoch - Math.floor(random() * 2)), [CALLEE]);
    const callee = ringOf(CALLEE, around(epoch - Math.floor(random() * 2)), []);
    for (const at of [0, random(), 0.999_999]) {
      const nowMs = Math.floor((epoch + at) * EPOCH_MS);
      const use = caller.pairFor(CALLEE, nowMs);
      expect(use?.degraded).toBe(false);
      expect(callee.callerKeys(CALLER, use?.kid ?? "", nowMs)).not.toBeNull();
    }
  }
});

it("a revoked key proves nothing and verifies nothing", () => {
  const nowMs = EPOCH * EPOCH_MS;
  const [caller, callee] = [
    ringOf(CALLER, [`e${EPOCH}`], [CALLEE]),
    ringOf(CALLEE, [`e${EPOCH}`], []),
  ];
  expect(caller.pairFor(CALLEE, nowMs)?.kid).toBe(`e${EPOCH}`);
  const revoked = new Set([`e${EPOCH}`]);
  caller.revoke(revoked);
  callee.revoke(revoked);
  expect(caller.pairFor(CALLEE, nowMs)?.kid).not.toBe(`e${EPOCH}`);
  expect(callee.callerKeys(CALLER, `e${EPOCH}`, nowMs)).toBeNull();
});
