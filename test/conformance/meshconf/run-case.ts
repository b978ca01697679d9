// Owns asking the cases between two operations: plain ones a few at a time, those that count many requests alone.
import type { CaseResult } from "../results.ts";
import { ask, filled, gatewayRequest } from "./ask.ts";
import type { Case, CaseFile } from "./case-file.ts";
import { type Asked, compare } from "./compare.ts";
import { converge, deadline, said } from "./converge.ts";
import { askMirrored, many, runDistribution, runMirrorDistribution, runRepeat } from "./repeat.ts";
import { NOT_APPLICABLE } from "../not-applicable.ts";
import type { MeshState } from "./run-file.ts";
import { exchange } from "./websocket.ts";

/** Plain cases asked at the same time; they are independent of each other. */
const WIDTH = 4;

const KNOWN = new Set([
  "id",
  "title",
  "via",
  "request",
  "expect",
  "backend_sets_response_headers",
  "distribution",
  "mirror_distribution",
  "repeat",
  "websocket",
  "disputed",
  "verdict",
  "level",
]);

/** One result per case, in their order. */
export async function runCases(
  state: MeshState,
  file: CaseFile,
  cases: readonly Case[],
): Promise<readonly CaseResult[]> {
  const results = new Map<Case, CaseResult>();
  const run = async (one: Case): Promise<void> =>
    void results.set(one, await runCase(state, file, one));
  const plain = cases.filter((one) => !countsRequests(one));
  await many(plain.length, WIDTH, (index) => run(plain[index] as Case));
  for (const one of cases.filter(countsRequests)) await run(one);
  return cases.flatMap((one) => results.get(one) ?? []);
}

const countsRequests = (one: Case): boolean =>
  (one.distribution ?? one.mirror_distribution ?? one.repeat) !== undefined;

/** Asks one case; never rejects. */
export async function runCase(state: MeshState, file: CaseFile, one: Case): Promise<CaseResult> {
  const { id, title } = one;
  const why = notApplicable(file, one);
  if (why !== undefined) return { id, title, kind: "case", verdict: "skipped", detail: [why] };
  const end = deadline(state.changedMs, Date.now(), state.windowMs);
  const refused = refusal(one);
  const detail =
    refused ??
    (await converge(end, () => tryCase(state, file, one))
      .then(async (found) => (found.length > 0 ? found : await countRequests(state, file, one)))
      .catch((error: unknown) => [said(error)]));
  const outcome = detail.length === 0 ? "passed" : "failed";
  if (!isReportedOnly(one)) return { id, title, kind: "case", verdict: outcome, detail };
  const seen = [`disputed: reported, not counted; it ${outcome}`, ...detail];
  return { id, title, kind: "case", verdict: "skipped", detail: seen };
}

/** Of a file driven by TLS the cases over plain HTTP, and every status row, apply like any other. */
function notApplicable({ drive }: CaseFile, { via }: Case): string | undefined {
  return drive === "tls" && via.scheme === "http" ? undefined : NOT_APPLICABLE[drive];
}

/** What conformance/README.md says is reported and not counted. */
const isReportedOnly = (one: Case): boolean =>
  one.disputed === true || one.verdict === "either" || one.level === "may";

/** Why a case cannot be asked; undefined when it can. */
function refusal(one: Case): readonly string[] | undefined {
  const unknown = Object.keys(one).filter((key) => !KNOWN.has(key));
  if (unknown.length > 0) return [`this runner does not know ${unknown.join(", ")} of a case`];
  const scheme = one.via.scheme ?? "http";
  return scheme === "http" || scheme === "ws" ? undefined : [`scheme ${scheme} is not driven`];
}

async function tryCase(state: MeshState, file: CaseFile, one: Case): Promise<readonly string[]> {
  const asked = filled(one);
  if (asked.websocket !== undefined)
    return await exchange(gatewayRequest(state.place, asked), asked.websocket);
  const about: Asked = {
    request: asked.request,
    scheme: asked.via.scheme ?? "http",
    ...(asked.via.port === undefined ? {} : { port: asked.via.port }),
  };
  if (!hasWholeMirrors(asked))
    return compare(asked.expect, about, await ask(state.place, file, asked));
  const [answer, missing] = await askMirrored(state.place, file, asked);
  return [...compare(asked.expect, about, answer), ...missing];
}

/** Every request of the case is copied, not a share of them. */
const hasWholeMirrors = (one: Case): boolean =>
  (one.expect.mirrored_to ?? []).some(({ percent }) => percent === undefined || percent === 100);

async function countRequests(
  { place }: MeshState,
  file: CaseFile,
  one: Case,
): Promise<readonly string[]> {
  if (one.distribution !== undefined)
    return await runDistribution(place, file, one, one.distribution);
  if (one.mirror_distribution !== undefined)
    return await runMirrorDistribution(place, file, one, one.mirror_distribution);
  return one.repeat === undefined ? [] : await runRepeat(place, file, one, one.repeat);
}
