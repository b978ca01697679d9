// Owns one case: what kind of question it is, asked as often as it says.
import { type Answer, echoIn, headerOf } from "../meshconf/answer.ts";
import { countSeen } from "../meshconf/ask.ts";
import { differs } from "../meshconf/compare.ts";
import { converge, said } from "../meshconf/converge.ts";
import { many } from "../meshconf/repeat.ts";
import { askVs, type VsPlace } from "./ask.ts";
import { compareAnswer, workersOf } from "./compare.ts";
import {
  type Affinity,
  type Load,
  NAMESPACE,
  type Shares,
  type VsCase,
  type VsDocument,
} from "./document.ts";

const KNOWN = new Set([
  "destination",
  "status",
  "repeat",
  "body",
  "attempts",
  "reaches_backend",
  "min_latency_ms",
  "max_latency_ms",
  "forwarded",
  "redirect",
  "response",
  "backend_sets_response_headers",
  "distribution",
  "mirror_distribution",
  "affinity",
  "sets_cookie",
  "load",
  "note",
]);
const WIDTH = 10;

/** What differs; empty when the case holds. Never rejects. */
export async function tryVsCase(
  place: VsPlace,
  document: VsDocument,
  one: VsCase,
  endMs: number,
): Promise<readonly string[]> {
  const unknown = Object.keys(one.expect).filter((key) => !KNOWN.has(key));
  if (unknown.length > 0) return [`this runner does not know ${unknown.join(", ")} of a case`];
  try {
    const { distribution, affinity, load, mirror_distribution: mirrors } = one.expect;
    const ask = (): Promise<Answer> => askVs(place, document, one);
    if (distribution) return await shares(document, distribution, ask);
    if (load) return await underLoad(load, ask);
    if (affinity) return await affine(place, document, one, affinity);
    const found = await converge(endMs, () => once(place, document, one));
    if (found.length > 0) return found;
    if (mirrors) return await mirrored(place, document, one);
    return await repeated(place, document, one);
  } catch (error) {
    return [said(error)];
  }
}

async function once(place: VsPlace, document: VsDocument, one: VsCase): Promise<readonly string[]> {
  const began = performance.now();
  const answer = await askVs(place, document, one);
  const tookMs = performance.now() - began;
  const { min_latency_ms: least = 0, max_latency_ms: most = Infinity } = one.expect;
  return [
    ...compareAnswer(document, one.request, one.expect, answer),
    ...(tookMs < least || tookMs > most + SLACK_MS
      ? [differs("latency in ms", `${least}..${most}`, Math.round(tookMs))]
      : []),
  ];
}

/** The two hops of the driver and a busy machine. */
const SLACK_MS = 250;

async function repeated(
  place: VsPlace,
  document: VsDocument,
  one: VsCase,
): Promise<readonly string[]> {
  const found = await many(one.expect.repeat ?? 0, WIDTH, async () =>
    compareAnswer(document, one.request, one.expect, await askVs(place, document, one)),
  );
  return [...new Set(found.flatMap((each) => (each instanceof Error ? [each.message] : each)))];
}

async function shares(
  document: VsDocument,
  wanted: Shares,
  ask: () => Promise<Answer>,
): Promise<readonly string[]> {
  const width = wanted.endpoints_equal === undefined ? WIDTH : 1;
  const answers = await many(wanted.requests, width, ask);
  const right = answers.filter((answer): answer is Answer => !(answer instanceof Error));
  const { tolerance_abs: tolerance = 0.05 } = wanted;
  const pods = right.map((answer) => echoIn(answer)?.pod ?? "");
  const shareOf = (isMeant: (pod: string, status: number) => boolean): number =>
    right.filter((answer, index) => isMeant(pods[index] ?? "", answer.status)).length /
    answers.length;
  const isOf = (names: readonly string[], pod: string): boolean =>
    names.some((name) => pod.startsWith(`${name}-`));
  const service = Object.keys(wanted.subsets ?? {}).length > 0 ? hostOf(document) : "";
  const rows: [string, number, number][] = [
    ...Object.entries(wanted.subsets ?? {}).map(([subset, share]): [string, number, number] => [
      `subset ${subset}`,
      share,
      shareOf((pod) => isOf(workersOf(document, service, subset), pod)),
    ]),
    ...Object.entries(wanted.services ?? {}).map(([name, share]): [string, number, number] => [
      `service ${name}`,
      share,
      shareOf((pod) => isOf(workersOf(document, name), pod)),
    ]),
    ...Object.entries(wanted.statuses ?? {}).map(([status, share]): [string, number, number] => [
      `status ${status}`,
      share,
      shareOf((_, got) => got === Number(status)),
    ]),
  ];
  const named = rows.reduce((sum, [, , got]) => sum + got, 0);
  const found = rows
    .filter(([, share, got]) => Math.abs(share - got) > (share === 0 ? 0 : tolerance))
    .map(([what, share, got]) => differs(`share of ${what}`, share, got));
  if (wanted.others_zero === true && named < 1) found.push(`${1 - named} went elsewhere`);
  return [...found, ...evenness(wanted, pods)];
}

function evenness(wanted: Shares, pods: readonly string[]): readonly string[] {
  const { endpoints_equal: size, max_deviation: most = 0 } = wanted;
  if (size === undefined) return [];
  const counts = countsOf(pods);
  const even = pods.length / size;
  const isEven =
    counts.size === size && [...counts.values()].every((count) => Math.abs(count - even) <= most);
  return isEven ? [] : [differs("calls by endpoint", `${even}±${most}`, [...counts.values()])];
}

/** The first host of the document's routes. */
const hostOf = ({ virtual_services: [first] }: VsDocument): string =>
  String((first?.["hosts"] as readonly string[] | undefined)?.[0]);

async function underLoad(wanted: Load, ask: () => Promise<Answer>): Promise<readonly string[]> {
  const answers = await many(wanted.requests, wanted.concurrency, ask);
  const refused = answers.filter((one) => !(one instanceof Error) && one.status === 503);
  const { min_503: least = 0, max_503: most = Infinity, min_503_share: share = 0 } = wanted;
  const isRight =
    refused.length >= Math.max(least, share * wanted.requests) && refused.length <= most;
  const reached = refused.filter((one) => !(one instanceof Error) && echoIn(one) !== null);
  return [
    ...(isRight ? [] : [differs("answers 503", `${least || share}..${most}`, refused.length)]),
    ...(reached.length > 0 ? [`${reached.length} refusals reached the backend`] : []),
  ];
}

async function affine(
  place: VsPlace,
  document: VsDocument,
  one: VsCase,
  wanted: Affinity,
): Promise<readonly string[]> {
  const pods: string[] = [];
  const found: string[] = [];
  let cookie = "";
  for (let index = 0; index < wanted.requests; index++) {
    const answer = await askVs(place, document, one, cookie ? { cookie } : {});
    pods.push(echoIn(answer)?.pod ?? `status ${answer.status}`);
    const set = headerOf(answer, "set-cookie");
    if (index === 0) found.push(...compareCookie(one, set));
    if (wanted.carry_cookie === true && set !== null) cookie = set.split(";")[0] ?? "";
  }
  return [...found, ...compareSpread(wanted, countsOf(pods).size)];
}

function compareSpread(wanted: Affinity, size: number): readonly string[] {
  const { same_endpoint: isSame, min_endpoints: least = 0 } = wanted;
  if (isSame === true && size !== 1) return [differs("endpoints", 1, size)];
  if (isSame === false && size < 2) return [differs("endpoints", "several", size)];
  return size < least ? [differs("endpoints", `at least ${least}`, size)] : [];
}

function compareCookie({ expect }: VsCase, set: string | null): readonly string[] {
  const wanted = expect.sets_cookie;
  if (wanted === undefined) return [];
  const isNamed = set?.startsWith(`${wanted.name}=`) === true;
  const hasAge =
    wanted.max_age === undefined || new RegExp(`max-age=${wanted.max_age}\\b`, "i").test(set ?? "");
  return isNamed && hasAge
    ? []
    : [differs("cookie", `${wanted.name}; Max-Age=${wanted.max_age}`, set)];
}

/** Copies arrive at what the rule mirrors to, told apart by a part of the target. */
async function mirrored(
  place: VsPlace,
  document: VsDocument,
  one: VsCase,
): Promise<readonly string[]> {
  const {
    requests = 0,
    share = 0,
    tolerance_abs: tolerance = 0,
  } = one.expect.mirror_distribution ?? {};
  const mark = `mirror-${Math.random().toString(36).slice(2)}`;
  const path = `${one.request.path}${one.request.path.includes("?") ? "&" : "?"}${mark}`;
  const marked = { ...one, request: { ...one.request, path } };
  await many(requests, WIDTH, () => askVs(place, document, marked));
  const { host, subset } = mirrorOf(document);
  const workers = workersOf(document, host, subset);
  const isNear = (count: number): boolean => Math.abs(count / requests - share) <= tolerance;
  let copies = 0;
  await converge(Date.now() + 5000, async () => {
    const counts = await Promise.all(
      workers.map((name) => countSeen(place, NAMESPACE, name, mark)),
    );
    copies = counts.reduce((sum, count) => sum + count, 0);
    return isNear(copies) ? [] : ["not yet"];
  });
  return isNear(copies) ? [] : [differs("share of copies", share, copies / requests)];
}

function mirrorOf(document: VsDocument): { readonly host: string; readonly subset?: string } {
  const routes = document.virtual_services.flatMap(
    ({ http }) => http as readonly { mirror?: { host: string; subset?: string } }[],
  );
  return routes.find(({ mirror }) => mirror)?.mirror ?? { host: "" };
}

function countsOf(names: readonly string[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return counts;
}
