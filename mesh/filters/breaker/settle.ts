// What an attempt says of its endpoint where that is not plain: late, since most attempts end well.
import { DEFAULT_BREAKER } from "../../contract/defaults.ts";
import type { Late } from "../../pipeline/late.ts";
import { judge } from "../../pipeline/judge.ts";

/** Judges the outcome by the policy and tells the circuit. */
export const settle: Late["settleCircuit"] = (circuit, outcome, attempt, breaker, lease) => {
  const { exceptions, slowRatio, slowMs, failureRatio } = breaker ?? DEFAULT_BREAKER;
  const isOk = judge(outcome, { ...attempt, exceptions });
  circuit.settle(isOk, slowRatio > 0 && attempt.tookMs > slowMs, lease, failureRatio, attempt);
};
