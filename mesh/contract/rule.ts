// Owns the rules of routing, of services and hosts alike: what a rule matches and what it does with a call
// (docs/wire.md, "Table"). Plain types, no behaviour.

/** Index-ready rules: candidates of one path are in the order of Gateway API precedence. */
export interface RuleTable {
  readonly rules: readonly Rule[];
  readonly exact: Readonly<Record<string, readonly Candidate[]>>;
  /** By prefix without its trailing slash; the empty string is the prefix `/`. Longest wins. */
  readonly prefix: Readonly<Record<string, readonly Candidate[]>>;
  /** After exact and before prefix, in order. */
  readonly regex: readonly {
    readonly pattern: string;
    readonly candidates: readonly Candidate[];
  }[];
}

/** The conditions of one match beside its path, and the rule it leads to. */
export interface Candidate {
  /** Index into `rules`. */
  readonly rule: number;
  readonly method?: string;
  readonly headers?: readonly Condition[];
  readonly query?: readonly Condition[];
  /** Workloads `ns/name` that the call must come from. */
  readonly from?: readonly string[];
  /** Port the call must be for. */
  readonly port?: number;
}

export interface Condition {
  readonly name: string;
  readonly value: string;
  readonly regex?: boolean;
}

/** What a matched rule does. */
export interface Rule extends CallBounds {
  /** `namespace/name` of the route, for status, log and metric. */
  readonly route: string;
  readonly index: number;
  readonly name?: string;
  readonly backends: readonly Backend[];
  readonly session?: Session;
  readonly cors?: Cors;
  readonly fault?: Fault;
  readonly transform?: Transform;
  /** Where copies go; `weight` is the share of requests that are copied, 1 is all. Empty: only a backend names some. */
  readonly mirrors?: readonly Backend[];
}

/** How long calls may take, and how often they are tried. */
export interface CallBounds {
  /** `timeouts.request`; 0 is no limit. */
  readonly timeoutMs?: number;
  /** `timeouts.backendRequest`. */
  readonly perTryMs?: number;
  /** Budgeted as the mesh's default is, not by its attempts alone: within the budget, and only what may be sent twice. */
  readonly retry?: RetryPolicy & { readonly isBudgeted?: boolean };
}

/** How a rule or the mesh retries; `attempts` counts tries after the first (Gateway API GEP-1731). */
export interface RetryPolicy {
  readonly attempts: number;
  readonly codes: readonly number[];
  readonly backoffBaseMs: number;
  readonly backoffCapMs: number;
}

/** How a client stays with the endpoint it met first: by a header, or else by a cookie. */
export interface Session {
  /** In lower case. */
  readonly header?: string;
  readonly cookie?: string;
  readonly path?: string;
  /** The cookie outlives the browser, for `absoluteMs`. */
  readonly isPermanent?: boolean;
  /** A session ends this long after it began. */
  readonly absoluteMs?: number;
}

/** One backendRef of a rule. */
export interface Backend {
  /** `namespace/name` of the service. */
  readonly service: string;
  readonly port: number | null;
  readonly weight: number;
  /** The reference does not resolve: its share of calls is answered 500 (Gateway API). */
  readonly invalid?: boolean;
  readonly transform?: Transform;
  /** As those of the rule, for calls that this backend takes first. */
  readonly mirrors?: readonly Backend[];
}

/** What a rule or a backendRef changes of a request and of its answer. */
export interface Transform {
  readonly request?: HeaderChange;
  readonly response?: HeaderChange;
  /** The host the request goes on with, or is redirected to. */
  readonly host?: string;
  /** Takes the place of the first `cut` characters of the path, or of all of it. */
  readonly path?: string;
  readonly cut?: number;
  /** What the pattern matches of the path is replaced; `$1` stands for its first group. */
  readonly rewrite?: { readonly pattern: string; readonly to: string };
  /** The request is answered instead of sent. */
  readonly redirect?: Redirect;
  readonly answer?: DirectAnswer;
  /** Of a backendRef; those of a rule are its own field. */
  readonly cors?: Cors;
}

/** An answer the mesh gives by itself. */
export interface DirectAnswer {
  readonly status: number;
  readonly body?: string;
  readonly type: string;
}

/** Faults to inject until they expire; shares are in [0, 1]. */
export interface Fault {
  readonly expiresMs: number;
  readonly delay?: { readonly ms: number; readonly share: number };
  readonly abort?: { readonly status: number; readonly share: number };
}

/** Changes of headers, in this order; names in lower case. */
export interface HeaderChange {
  readonly remove?: readonly string[];
  readonly set?: readonly (readonly [name: string, value: string])[];
  /** Joined to a value that is there with a comma. */
  readonly add?: readonly (readonly [name: string, value: string])[];
}

/** Where a redirect leads, beside host and path. */
export interface Redirect {
  readonly status: number;
  readonly scheme?: string;
  readonly port?: number;
  /** The port is that of the request, whatever the scheme. */
  readonly samePort?: boolean;
}

/** Which origins may read answers, and what preflights are told. */
export interface Cors {
  /** In lower case; `*` stands for every origin, or inside one for any labels. */
  readonly origins: readonly string[];
  /** Regular expressions for whole origins. */
  readonly patterns?: readonly string[];
  readonly credentials?: boolean;
  /** Joined as the header has them; `*` is answered with what the preflight asks for. */
  readonly methods?: string;
  readonly headers?: string;
  readonly expose?: string;
  readonly maxAge: number;
}
