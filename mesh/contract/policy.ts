// Owns the compiled form of authorization: chunk `policy:ns/name` says who may do what at one Worker. Written by control,
// read by that Worker; plain types.

/** Prefix of the ids of policy chunks; `policy:ns/name` is of a Worker, `policy:gateway:ns/name` of a Gateway. */
export const POLICY_CHUNK = "policy:";

/** What is decided for services that no ALLOW policy selects. */
export type DefaultAction = "allow-bound" | "deny";

/** Chunk `policy:…`. */
export interface PolicyChunk {
  /** By entrypoint (empty: default); `*` is every other one. */
  readonly entrypoints: Readonly<Record<string, PolicyScope>>;
  /** Whose tokens of end users are believed, of a Gateway only; absent: nobody's, and none is looked at. */
  readonly users?: readonly UserIssuer[];
}

/** Who issues tokens to end users. */
export interface UserIssuer {
  /** What `iss` says. */
  readonly issuer: string;
  /** One of them is in `aud`; absent: any. */
  readonly audiences?: readonly string[];
  /** Public keys (JWK); without any, no token is believed. */
  readonly keys: readonly JsonWebKey[];
  /** Headers that the application gets claims in, by their names in lower case; a claim by its path. */
  readonly headers: readonly { readonly name: string; readonly claim: readonly string[] }[];
  /** The application gets the token too. */
  readonly forwards: boolean;
}

/** The policies of one entrypoint; a list that is absent selects nothing. */
export interface PolicyScope {
  readonly deny?: RuleSet;
  /** Present, though perhaps empty, where an ALLOW policy selects: what none of it matches is denied. */
  readonly allow?: RuleSet;
  /** Judged beside, and only told. */
  readonly shadow?: { readonly deny?: RuleSet; readonly allow?: RuleSet };
  /** Some rule speaks of paths: ambiguous ones are refused. */
  readonly paths?: true;
}

/** Rules with an index, so that a request meets only those that could match it. */
export interface RuleSet {
  readonly rules: readonly PolicyRule[];
  /** By `c:principal`, `n:namespace`, `r:rpc`, `p:path`, `s:first segment` or `h:host`: numbers of rules, each under one kind of key. */
  readonly index: Readonly<Record<string, readonly number[]>>;
  /** Rules that every request is held against. */
  readonly rest: readonly number[];
}

/** Holds where of every member of `all` some group of tests holds whole. */
export interface PolicyRule {
  /** `namespace/name` of the policy; for log and metric, never for the outside. */
  readonly by: string;
  readonly all: readonly (readonly (readonly PolicyTest[])[])[];
}

/** What a test looks at; host, port, method and path are of HTTP only, and `rpc` of RPC only. */
export type PolicySubject =
  | "caller"
  | "namespace"
  | "trustDomain"
  | "requestPrincipal"
  | "header"
  | "claim"
  | "host"
  | "port"
  | "method"
  | "path"
  | "rpc"
  | "sourceIp"
  | "remoteIp"
  | "destinationIp"
  | "destinationPort"
  | "via";

/** Holds where the subject matches one of the values, or with `not` none of them. */
export interface PolicyTest {
  readonly on: PolicySubject;
  /** Name of a header, or path of a claim. */
  readonly name?: readonly string[];
  readonly values: readonly string[];
  readonly not?: true;
}
