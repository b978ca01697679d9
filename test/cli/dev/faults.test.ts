// Faults: what /dev/faults takes, how long one stays, and what it does to a call.
import { expect, test } from "vitest";
import { FaultBoard, type FaultRequest } from "../../../cli/dev/fault-board.ts";
import { readFault } from "../../../cli/dev/fault-request.ts";

const scope = { classes: ["Registry"], workloads: ["default/cart"] };

const fault = (given: Partial<FaultRequest>): FaultRequest => ({
  target: "kv",
  mode: "down",
  share: 1,
  ms: 1000,
  forMs: null,
  ...given,
});

test("reads a fault, with its defaults", () => {
  expect(readFault({ target: "kv", mode: "empty" }, scope)).toEqual({
    ok: true,
    request: fault({ mode: "empty" }),
  });
  const full = { target: "objects:Registry", mode: "slow", share: 0.5, ms: 20, for: "1m30s" };
  expect(readFault(full, scope)).toEqual({
    ok: true,
    request: { target: "objects:Registry", mode: "slow", share: 0.5, ms: 20, forMs: 90_000 },
  });
  expect(readFault({ target: "isolate:default/cart", mode: "restart", for: 5 }, scope).ok).toBe(
    true,
  );
});

test.each([
  [
    { target: "kvs", mode: "down" },
    /unknown target "kvs"; allowed: control, kv, .*isolate:default\/cart/,
  ],
  [{ target: "objects:Nobody", mode: "down" }, /unknown target/],
  [{ target: ["kv"], mode: "down" }, /unknown target \["kv"\]; allowed: control, kv/],
  [{ mode: "down" }, /unknown target undefined; allowed/],
  [{ target: "isolate", mode: "restart" }, /unknown target/],
  [
    { target: "pulse", mode: "empty" },
    /unknown mode "empty" for pulse; allowed: down, slow, overload, ok/,
  ],
  [{ target: "kv" }, /unknown mode undefined for kv/],
  [{ target: "kv", mode: "down", share: 2 }, /share is a number from 0 to 1/],
  [{ target: "kv", mode: "slow", ms: "1" }, /ms is a number/],
  [{ target: "kv", mode: "down", for: "soon" }, /for is milliseconds, or a duration/],
  [
    { target: "kv", mode: "down", shares: 1 },
    /unknown field "shares"; allowed: target, mode, share, ms, for/,
  ],
  [[], /one JSON object/],
])("refuses %j with what is allowed", (body, message) => {
  const reading = readFault(body, scope);
  expect(reading.ok).toBe(false);
  expect(reading.ok ? "" : reading.message).toMatch(message);
});

test("a fault is on until its time is over, it is replaced or set to ok", () => {
  const board = new FaultBoard();
  board.set(fault({ forMs: 1000 }), 0);
  expect(board.active(400)).toEqual([{ target: "kv", mode: "down", share: 1, for: 600 }]);
  board.set(fault({ mode: "slow", ms: 30 }), 500);
  expect(board.active(5000)).toEqual([{ target: "kv", mode: "slow", share: 1, ms: 30 }]);
  board.set(fault({ mode: "ok" }), 6000);
  expect(board.active(6000)).toEqual([]);
  board.set(fault({ forMs: 1000 }), 0);
  expect(board.active(1000)).toEqual([]);
});

test("a call meets the faults of all its targets; failing wins over waiting, and a share hits that share", () => {
  const board = new FaultBoard();
  board.set(fault({ target: "objects", mode: "slow", ms: 7 }), 0);
  const targets = ["objects", "objects:Registry"];
  expect(board.effectOn(targets, 0, () => 0.5)).toEqual({ kind: "delay", ms: 7 });
  board.set(fault({ target: "objects:Registry", mode: "overload", share: 0.25 }), 0);
  expect(board.effectOn(targets, 0, () => 0.2)).toEqual({ kind: "overload" });
  expect(board.effectOn(targets, 0, () => 0.25)).toEqual({ kind: "delay", ms: 7 });
  expect(board.effectOn(["kv"], 0, () => 0)).toEqual({ kind: "none" });
});
