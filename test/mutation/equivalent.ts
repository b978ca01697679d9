// Owns the mutants that nothing can tell from the original, each with the reason; they count as survivors all the same.

const BEHIND = "behind the last nothing has weight";
const GUARD = "a guard against what never happens";
const IN_LIST = "the index is one of the list's";
const KNOWN = "all that is asked is known of a caller alone";
const NOBODY = "nobody has that name";
const NOTHING = `{
  rpc: null,
  method: UNASKED,
  host: UNASKED,
  port: UNASKED,
  path: UNASKED,
  header: undefined,
  claims: undefined,
}`;
const PLACES = "no candidate stands at another's place";
const SLASH = "it is looked for behind the first character";
const SPARES = "it only spares work or memory";
const SUMS = "no sum comes out at just that";

type Equivalent = readonly [original: string, instead: string, why: string];

/** By the file below mesh/algorithms: what a mutant changes into what, and why that changes nothing. */
export const EQUIVALENT: Readonly<Record<string, readonly Equivalent[]>> = {
  "authorize/decide.ts": [
    ['""', '"Stryker was here!"', NOBODY],
    ["[]", '["Stryker was here"]', "no rule has that number"],
    ["end < 0", "end <= 0", SLASH],
  ],
  "authorize/holds.ts": [
    ['""', '"Stryker was here!"', GUARD],
    ["[]", '["Stryker was here"]', NOBODY],
    ["test.name?.[0]", "test.name[0]", GUARD],
  ],
  "authorize/ip.ts": [
    ["[]", '["Stryker was here"]', GUARD],
    ['""', '"Stryker was here!"', GUARD],
    ["shared !== null", "true", "no digits begin with what is no text"],
  ],
  "authorize/outline.ts": [
    [NOTHING, "{}", KNOWN],
    ["false", "true", KNOWN],
    ['""', '"Stryker was here!"', KNOWN],
    ['"none"', '""', "nobody asks for it by name"],
  ],
  "authorize/path.ts": [['"%"', '""', SPARES]],
  "authorize/text.ts": [
    ['!pattern.includes("*")', "false", SPARES],
    ['"*"', '""', SPARES],
    ["known === undefined", "true", SPARES],
    ["templates.set(pattern, known);", ";", SPARES],
    ["templates.size >= MAX_TEMPLATES", "true", SPARES],
    ["templates.size >= MAX_TEMPLATES", "false", SPARES],
    ["templates.size >= MAX_TEMPLATES", "templates.size > MAX_TEMPLATES", SPARES],
    ["templates.size >= MAX_TEMPLATES", "templates.size < MAX_TEMPLATES", SPARES],
    ["templates.clear();", ";", SPARES],
  ],
  "balance/p2c.ts": [
    ["endpoints[index]?.weight", "endpoints[index].weight", IN_LIST],
    ["i < endpoints.length", "i <= endpoints.length", BEHIND],
    ["i < last", "i <= last", "the last takes what is left"],
  ],
  "balance/round-robin.ts": [
    ["endpoints[i]?.weight", "endpoints[i].weight", IN_LIST],
    ["i < endpoints.length", "i <= endpoints.length", BEHIND],
  ],
  "hash/maglev.ts": [["a.id < b.id", "a.id <= b.id", "no two have one id"]],
  "hash/ring.ts": [["x < y", "x <= y", "two points of one id have the same owner"]],
  "match/candidates.ts": [
    ["lookup < below", "lookup <= below", PLACES],
    ["at >= below", "at > below", PLACES],
    ["value === null", "false", "no list stands under null"],
  ],
  "match/explain.ts": [
    ["candidate.rule !== winner", "false", GUARD],
    ['"the explanation is not what is decided"', '""', GUARD],
    ['""', '"Stryker was here!"', NOBODY],
  ],
  "match/host.ts": [
    ['":"', '""', SPARES],
    ["known.size > 1 || !known.has(name)", "true", SPARES],
    ["known.size > 1", "known.size >= 1", SPARES],
    ["dot >= 0", "dot > 0", SLASH],
  ],
  "match/listener.ts": [
    ["[]", '["Stryker was here"]', IN_LIST],
    ['""', '"Stryker was here!"', "any key does that is no other's"],
  ],
  "match/match.ts": [
    ["list.length > SHORT", "true", SPARES],
    ["list.length > SHORT", "list.length >= SHORT", SPARES],
    ['""', '"Stryker was here!"', NOBODY],
  ],
  "match/part.ts": [
    ["end < 0", "end <= 0", SLASH],
    ["known === undefined", "true", SPARES],
  ],
  "match/query.ts": [
    ["equals > end", "equals >= end", "no character is two"],
    ['!raw.includes("%")', "false", SPARES],
    ['"%"', '""', SPARES],
  ],
  "rotation/slots.ts": [
    ["activeMs > nowMs", "activeMs >= nowMs", "a key that begins now is not at half its life"],
  ],
  "split/split.ts": [
    ["index < backends.length", "index <= backends.length", BEHIND],
    ["backends[index]?.weight", "backends[index].weight", IN_LIST],
    ["backends[index]?.invalid", "backends[index].invalid", IN_LIST],
    ["backends[first]?.invalid", "backends[first].invalid", IN_LIST],
  ],
  "breaker/evidence.ts": [
    ["seen.run >= consecutive - NEARLY", "seen.run > consecutive - NEARLY", SUMS],
    ["seen.calls >= minimumCalls - NEARLY", "seen.calls > minimumCalls - NEARLY", SUMS],
    ["rest.run >= FEW - NEARLY", "rest.run > FEW - NEARLY", SUMS],
    ["calls >= NEARLY", "calls > NEARLY", "calls are none or more than that"],
    [
      "seen.failed >= failureRatio * calls - NEARLY",
      "seen.failed > failureRatio * calls - NEARLY",
      SUMS,
    ],
    ["seen.slow >= slowRatio * calls - NEARLY", "seen.slow > slowRatio * calls - NEARLY", SUMS],
  ],
  "breaker/policy.ts": [
    ['""', '"Stryker was here!"', GUARD],
    ["[]", '["Stryker was here"]', NOBODY],
  ],
  "histogram/merge.ts": [["by === 0", "false", "made coarser by nothing it is the same"]],
  "replay/nonces.ts": [
    ["2 * FEWEST_PLACES", "2 / FEWEST_PLACES", "without room for a tag room is made at the first"],
  ],
};

/** Why a mutant is one of them, or null. */
export function whyEquivalent(file: string, original: string, instead: string): string | null {
  for (const [known, mutants] of Object.entries(EQUIVALENT)) {
    if (!file.endsWith(`mesh/algorithms/${known}`)) continue;
    for (const [from, to, why] of mutants) if (from === original && to === instead) return why;
  }
  return null;
}
