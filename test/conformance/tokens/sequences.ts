// Trust bundles over time: what the cases tell in words, done with a source that is steered and Issuer's own keys. Words
// that are bundles and tokens only are played by "played.ts", whatever the case is called.
import { STEPS } from "../../../durable-objects/issuer/schema.ts";
import { createSeal } from "../../../durable-objects/issuer/seal.ts";
import { createSecretRows } from "../../../durable-objects/issuer/secret-rows.ts";
import { createTokenKeys, REFRESH_HINT_S } from "../../../durable-objects/issuer/token-keys.ts";
import { migrate } from "../../../durable-objects/sql.ts";
import { createBundleSource, type BundleSource, type TrustBundle } from "../../../mesh/identity.ts";
import { memorySql, testClock } from "../../durable-objects/memory-sql.ts";
import type { SchemaFile } from "../driver.ts";
import type { CaseResult } from "../results.ts";
import { claimsOf, played, stepsOf } from "./played.ts";
import { type Answer, casesOf, compared, type Json } from "./table.ts";

/** Told in words by the data; done here with the bundle and the token of its own first good case. */
export async function* sequences(
  file: SchemaFile,
  judged: (token: string, held: TrustBundle | null) => Promise<Answer>,
): AsyncGenerator<CaseResult> {
  const good = casesOf(file).find(({ verdict }) => verdict === "accept");
  const token = String(good?.["token"]);
  const { keys } = (good?.["bundle"] ?? { keys: [] }) as { keys: readonly unknown[] };
  const done: Readonly<Record<string, () => Promise<readonly [Answer["verdict"], Answer]>>> = {
    R3: async () => {
      const source = steered(() => new Response(JSON.stringify({ keys })));
      await source.current();
      source.answer = () => new Response(null, { status: 500 });
      for (let second = 0; second < 600; second += 30) {
        source.nowMs += 30_000;
        const held = await judged(token, await source.current());
        if (held.verdict !== "accept") return ["accept", held];
      }
      const fresh = await judged(token, await steered(source.answer).current());
      // It fails closed: whoever never had a bundle believes nothing.
      return ["reject", fresh];
    },
    R4: async () => {
      const source = steered(() => new Response(JSON.stringify({ keys })));
      await source.current();
      for (let asked = 0; asked < 1000; asked++) {
        source.nowMs += 10;
        await source.again();
      }
      return ["accept", { verdict: source.fetches <= 3 ? "accept" : "reject", reason: "valid" }];
    },
    R6: async () => ["accept", await publishedBeforeItSigns()],
  };
  for (const given of (file.document["sequences"] ?? []) as readonly Json[]) {
    const [id, title] = [String(given["id"]), String(given["title"])];
    const steps = stepsOf(given);
    const run = steps === null ? done[id] : () => played(steps, claimsOf(token), judged);
    if (run === undefined) {
      yield { id, title, kind: "case", verdict: "skipped", detail: ["not known here"] };
      continue;
    }
    const [verdict, answer] = await run();
    yield compared({ id, title, verdict, level: given["level"] }, answer, false);
  }
}

interface Steered extends BundleSource {
  nowMs: number;
  fetches: number;
  answer: () => Response;
}

/** A bundle source whose clock stands and whose origin answers as it is told. */
function steered(answer: () => Response): Steered {
  const steering = { nowMs: 1_800_000_000_000, fetches: 0, answer };
  const source = createBundleSource({
    url: "https://mesh.test/bundle",
    use: "jwt-svid",
    now: () => steering.nowMs,
    fetch: () => {
      steering.fetches += 1;
      return Promise.resolve(steering.answer());
    },
  });
  return Object.assign(steering, source);
}

/** Rotates Issuer's own token keys for a while, watching the bundle. */
async function publishedBeforeItSigns(): Promise<Answer> {
  const clock = testClock();
  const sql = memorySql();
  migrate(sql, STEPS);
  const rows = createSecretRows(sql, await createSeal("A".repeat(43), clock), clock);
  const issuer = createTokenKeys(sql, rows, clock);
  const known = new Map<string, number>();
  const kidsOf = async (): Promise<readonly string[]> =>
    (await issuer.bundle()).keys.map((key) => String((key as { kid?: unknown }).kid));
  const look = async (): Promise<void> => {
    for (const kid of await kidsOf()) if (!known.has(kid)) known.set(kid, clock.now());
  };
  for (let step = 0; step < 200; step++) {
    await look();
    const { kid } = await issuer.sign(new Uint8Array([step]));
    const knownMs = known.get(kid) ?? Number.POSITIVE_INFINITY;
    // The first key of all has nothing before it.
    if (kid !== "w1" && clock.now() - knownMs < REFRESH_HINT_S * 1000)
      return { verdict: "reject", reason: `${kid} signed too early` };
    if (step % 20 === 10) await issuer.rotate(false);
    await look();
    clock.advance(60_000);
    await issuer.prepare();
  }
  return known.size > 5
    ? { verdict: "accept", reason: "valid" }
    : { verdict: "reject", reason: "no rotation" };
}
