// Owns whether one rule holds for one request. What cannot be known here (an address inside the mesh, say) counts for
// a DENY rule and against an ALLOW rule, negated or not; that somebody has no identity or sent no header is known.
import type { PolicyRule, PolicyTest } from "../../contract/policy.ts";
import { liesIn } from "./ip.ts";
import { takesPath, takesPrincipal, takesText } from "./text.ts";

/** What policies may look at; undefined is what cannot be known where they are judged. */
export interface Asked {
  /** `td/ns/NAMESPACE/sa/NAME`; empty for whoever has no identity. */
  readonly principal: string;
  readonly via: "direct" | "relay";
  /** `Entrypoint.method`; null for HTTP. */
  readonly rpc: string | null;
  readonly method: string;
  /** Lower case, without port. */
  readonly host: string;
  readonly port: string;
  readonly path: string;
  /** Value of a header by its name in lower case, null for none; undefined for RPC, which has none. */
  readonly header: ((name: string) => string | null) | undefined;
  /** Claims of a verified end-user token, lists of words spread; null for none. */
  readonly claims: Readonly<Record<string, unknown>> | null | undefined;
  readonly sourceIp?: string | undefined;
  readonly remoteIp?: string | undefined;
  readonly destinationIp?: string | undefined;
}

/** Whether the rule holds; `isDeny` says what the unknown counts for. */
export const ruleHolds = ({ all }: PolicyRule, asked: Asked, isDeny: boolean): boolean =>
  all.every((groups) =>
    groups.some((tests) => tests.every((test) => testHolds(test, asked, isDeny))),
  );

function testHolds(test: PolicyTest, asked: Asked, isDeny: boolean): boolean {
  if (isOfOtherKind(test, asked)) return false;
  if (test.on === "header") return headerHolds(test, asked, isDeny);
  const takes = TAKES[test.on](asked, test);
  return takes === undefined ? isDeny : test.values.some(takes) !== (test.not === true);
}

/** An operation of HTTP is no RPC, whatever is said of it, and the other way round. */
function isOfOtherKind({ on }: PolicyTest, { rpc }: Asked): boolean {
  if (on === "rpc") return rpc === null;
  return rpc !== null && (on === "path" || on === "method" || on === "host" || on === "port");
}

type Takes = (value: string) => boolean;
type Subject = Exclude<PolicyTest["on"], "header">;

/** Of each subject, whether a value takes it; undefined where the subject cannot be known. */
const TAKES: {
  readonly [S in Subject]: (asked: Asked, test: PolicyTest) => Takes | undefined;
} = {
  caller: (asked) => (value) => takesPrincipal(value, asked.principal),
  namespace: (asked) => textTakes(asked.principal.split("/")[2] ?? ""),
  trustDomain: (asked) => textTakes(asked.principal.split("/", 1)[0] ?? ""),
  path: (asked) => (value) => takesPath(value, asked.path),
  method: (asked) => textTakes(asked.method),
  host: (asked) => textTakes(asked.host),
  port: (asked) => textTakes(asked.port),
  rpc: (asked) => textTakes(asked.rpc ?? ""),
  via: (asked) => textTakes(asked.via),
  claim: ({ claims }, test) => (claims === undefined ? undefined : claimTakes(test, claims)),
  requestPrincipal: ({ claims }) => (claims === undefined ? undefined : textTakes(endUser(claims))),
  sourceIp: (asked) => addressTakes(asked.sourceIp),
  remoteIp: (asked) => addressTakes(asked.remoteIp),
  destinationIp: (asked) => addressTakes(asked.destinationIp),
  destinationPort: (asked) => (asked.rpc === null ? textTakes(asked.port) : undefined),
};

const textTakes =
  (text: string): Takes =>
  (value) =>
    takesText(value, text);
const addressTakes = (address: string | undefined): Takes | undefined =>
  address === undefined ? undefined : (block) => liesIn(address, block);

/** `issuer/subject`; empty for no token. */
function endUser(claims: Asked["claims"]): string {
  const { iss, sub } = claims ?? {};
  return typeof iss === "string" && typeof sub === "string" ? `${iss}/${sub}` : "";
}

function claimTakes({ name = [] }: PolicyTest, claims: Asked["claims"]): Takes {
  let at: unknown = claims;
  for (const key of name) at = isRecord(at) && Object.hasOwn(at, key) ? at[key] : undefined;
  const list: readonly unknown[] = Array.isArray(at) ? at : [at];
  return (value) => list.some((item) => typeof item === "string" && takesText(value, item));
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/**
 * The runtime joins repeated headers with a comma, so each part could be the one that user code reads: a DENY rule holds
 * where it holds for any reading, an ALLOW rule where it holds for all of them.
 */
function headerHolds(test: PolicyTest, { header }: Asked, isDeny: boolean): boolean {
  if (header === undefined) return isDeny;
  const given = header(test.name?.[0] ?? "");
  const isOf = (text: string): boolean =>
    // One without a value is there all the same.
    test.values.some((value) => value === "*" || takesText(value, text)) !== (test.not === true);
  if (given === null) return test.not === true;
  if (!given.includes(",")) return isOf(given);
  const readings = [given, ...given.split(",").map((part) => part.trim())];
  return isDeny ? readings.some(isOf) : readings.every(isOf);
}
