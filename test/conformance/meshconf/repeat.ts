// Owns the cases that are many requests: distributions, mirror distributions, repeats, and copies of one request.
import { type Answer, echoIn, forwardedHeader } from "./answer.ts";
import { ask, countSeen, filled, type Place } from "./ask.ts";
import type { Case, CaseFile, Distribution, MirrorDistribution, Repeat } from "./case-file.ts";
import { compare, differs } from "./compare.ts";

const CONCURRENCY = 10;
/** A copy may arrive after the answer. */
const COPY_TIMEOUT_MS = 3000;

/** Requests until the shares are right, as often as the case allows. */
export async function runDistribution(
  place: Place,
  file: CaseFile,
  one: Case,
  wanted: Distribution,
): Promise<readonly string[]> {
  return await attempts(wanted.attempts ?? 10, async () => {
    const answers = await many(wanted.requests, wanted.concurrency ?? CONCURRENCY, () =>
      ask(place, file, filled(one), entropyOf(wanted)),
    );
    return compareShares(wanted, answers);
  });
}

/** The differences between the shares wanted and those of the answers. */
export function compareShares(
  wanted: Distribution,
  answers: readonly (Answer | Error)[],
): readonly string[] {
  const names = Object.keys(wanted.weights).toSorted((a, b) => b.length - a.length);
  const counts = new Map<string, number>();
  const strange = new Map<string, number>();
  const tally = (map: Map<string, number>, key: string): void =>
    void map.set(key, (map.get(key) ?? 0) + 1);
  for (const answer of answers) {
    const pod = answer instanceof Error ? undefined : echoIn(answer)?.pod;
    const name = names.find((candidate) => pod?.startsWith(candidate) === true);
    if (name !== undefined) tally(counts, name);
    else
      tally(strange, pod ?? (answer instanceof Error ? answer.message : `status ${answer.status}`));
  }
  const shares = Object.entries(wanted.weights).flatMap(([name, weight]) => {
    const got = (counts.get(name) ?? 0) / answers.length;
    const isZero = weight === 0 && wanted.zero_weight_must_get_none === true;
    const isNear = Math.abs(got - weight) <= (isZero ? 0 : wanted.tolerance_abs);
    return isNear ? [] : [differs(`share of ${name}`, weight, got)];
  });
  const others = [...strange].map(([what, times]) => `${times} of ${answers.length}: ${what}`);
  return [...shares, ...others];
}

/** Requests with one id, and how many copies of them arrived at each mirror. */
export async function runMirrorDistribution(
  place: Place,
  file: CaseFile,
  one: Case,
  wanted: MirrorDistribution,
): Promise<readonly string[]> {
  return await attempts(wanted.attempts ?? 5, async () => {
    const same = filled(one);
    const before = await copies(place, file, same);
    const answers = await many(wanted.requests, wanted.concurrency ?? CONCURRENCY, () =>
      ask(place, file, same),
    );
    const failed = answers.filter((answer) => answer instanceof Error || answer.status !== 200);
    if (failed.length > 0) return [`${failed.length} of ${answers.length} requests failed`];
    const allowed = wanted.sigma * wanted.tolerance_sigma;
    return await settle(async () => {
      const after = await copies(place, file, same);
      return [...after].flatMap(([mirror, count]) => {
        const got = count - (before.get(mirror) ?? 0);
        const isNear = Math.abs(got - wanted.expected) <= allowed;
        return isNear ? [] : [differs(`copies at ${mirror}`, `${wanted.expected}±${allowed}`, got)];
      });
    });
  });
}

/** The same request many times, each answer compared. */
export async function runRepeat(
  place: Place,
  file: CaseFile,
  one: Case,
  wanted: Repeat,
): Promise<readonly string[]> {
  const answers = await many(wanted.requests, CONCURRENCY, async () => {
    const asked = filled(one);
    const answer = await ask(place, file, asked);
    const found = [...compareOne(asked, answer), ...compareEach(wanted, answer)];
    if (found.length > 0) throw new Error(found.join("; "));
    return answer;
  });
  const failed = answers.filter((answer) => answer instanceof Error);
  return [...new Set(failed.map((error) => error.message))].slice(0, 3);
}

const compareOne = (asked: Case, answer: Answer): readonly string[] =>
  compare(asked.expect, { request: asked.request, scheme: asked.via.scheme ?? "http" }, answer);

function compareEach(wanted: Repeat, answer: Answer): string[] {
  const {
    forwarded_header_equals_backend: name,
    forwarded_header_count: count,
    ...rest
  } = wanted.each;
  const found = Object.keys(rest).map((key) => `repeat.each.${key}: this runner does not know it`);
  const echo = echoIn(answer);
  if (name === undefined) return found;
  const values = echo === null ? [] : (forwardedHeader(echo, name) ?? []);
  if (count !== undefined && values.length !== count)
    found.push(differs(`values of forwarded header ${name}`, count, values));
  if (values.some((value) => echo?.pod.startsWith(value) !== true))
    found.push(differs(`forwarded header ${name}`, echo?.pod, values));
  return found;
}

/** The case's request once, and the copies of it that must arrive elsewhere. */
export async function askMirrored(
  place: Place,
  file: CaseFile,
  asked: Case,
): Promise<[Answer, readonly string[]]> {
  const before = await copies(place, file, asked);
  const answer = await ask(place, file, asked);
  const missing = await settle(async () => {
    const after = await copies(place, file, asked);
    return [...after]
      .filter(([mirror, count]) => count - (before.get(mirror) ?? 0) !== 1)
      .map(([mirror, count]) =>
        differs(`copies at ${mirror}`, 1, count - (before.get(mirror) ?? 0)),
      );
  });
  return [answer, missing];
}

/** By mirror, how often its workloads have seen the request's target. */
async function copies(place: Place, file: CaseFile, one: Case): Promise<Map<string, number>> {
  const needle = one.request.query ?? one.request.path;
  const counts = new Map<string, number>();
  for (const mirror of one.expect.mirrored_to ?? []) {
    const backend = file.backends.find(
      ({ service, namespace }) => service === mirror.service && namespace === mirror.namespace,
    );
    const seen = (backend?.workloads ?? []).map((workload) =>
      countSeen(place, mirror.namespace, workload.workload, needle),
    );
    const sum = (await Promise.all(seen)).reduce((total, count) => total + count, 0);
    counts.set(`${mirror.namespace}/${mirror.service}`, sum);
  }
  return counts;
}

function entropyOf(wanted: Distribution): Record<string, string> {
  const entropy = wanted.entropy;
  if (entropy === undefined || Math.random() >= entropy.probability) return {};
  return { [entropy.header]: String(Math.floor(Math.random() * 10_000)) };
}

/** What the last of at most `times` tries found; empty as soon as one finds nothing. */
async function attempts(
  times: number,
  run: () => Promise<readonly string[]>,
): Promise<readonly string[]> {
  let found: readonly string[] = [];
  for (let attempt = 1; attempt <= times; attempt++) {
    found = await run();
    if (found.length === 0) return [];
  }
  return [...found, `after ${times} attempts`];
}

async function settle(look: () => Promise<readonly string[]>): Promise<readonly string[]> {
  const end = Date.now() + COPY_TIMEOUT_MS;
  for (;;) {
    const found = await look();
    if (found.length === 0 || Date.now() > end) return found;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** Runs `times` tasks, `width` at a time; a task that throws yields its error. */
export async function many<T>(
  times: number,
  width: number,
  task: (index: number) => Promise<T>,
): Promise<readonly (T | Error)[]> {
  const results: (T | Error)[] = [];
  let next = 0;
  const lane = async (): Promise<void> => {
    for (let index = next++; index < times; index = next++) {
      results[index] = await task(index).catch((error: unknown) =>
        error instanceof Error ? error : new Error(String(error)),
      );
    }
  };
  await Promise.all(Array.from({ length: Math.min(width, times) }, lane));
  return results;
}
