// The rows of docs/outcomes.md: what the one judgement says of every outcome there can be.
import { REASONS, type Reason } from "../../mesh/contract/reasons.ts";
import { judge } from "../../mesh/pipeline/judge.ts";
import { answer, fail, type Outcome, refuse } from "../../mesh/pipeline/outcome.ts";
import { problem } from "../../mesh/pipeline/problem.ts";
import { code } from "./markdown.ts";

const WORDS = new Map<boolean | null, string>([
  [true, "for"],
  [false, "against"],
  [null, "nothing"],
]);

const said = (outcome: Outcome, isRpc: boolean, refusedThere: Reason | null = null): string =>
  WORDS.get(judge(outcome, { isRpc, refusedThere, hadMs: 1000, exceptions: [] })) ?? "";

const STATUSES = [200, 301, 404, 429, 500, 501, 502, 503, 504];

/** Answers, by status. */
export const answers = (): string[][] => [
  ...STATUSES.map((status) => [
    `answer ${code(status)}`,
    said(answer(new Response(null, { status }), status), false),
    "none",
  ]),
  [
    "answer the mesh made further down",
    said(answer(problem("overflow", "", false), 503), false),
    "none",
  ],
  [
    "refusal by the callee's mesh",
    said(answer(new Response(null, { status: 503 }), 503), false, "shed"),
    said(refuse("shed", ""), true),
  ],
  ["value", "none", said(answer(1, 0), true)],
];

/** The mesh's own end of an attempt is a refusal; everything else of theirs is a failure. */
export const reasons = (): string[][] =>
  (Object.keys(REASONS) as Reason[])
    .filter((reason) => reason !== "upstream_status")
    .map((reason) => {
      const isFailure = REASONS[reason].origin === "upstream" && reason !== "per_try_timeout";
      const outcome = isFailure ? fail(reason, new Error("thrown")) : refuse(reason, "");
      return [code(reason), said(outcome, false), said(outcome, true)];
    });
