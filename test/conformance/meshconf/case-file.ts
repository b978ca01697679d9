// Owns the shape of a case file of schema meshconf/1 and how a parsed JSON document becomes one.
// Where a member is missing it gets its empty value; a member of a wrong type is left to fail at its use.

/** Name to value; header names are compared without case. */
export type Pairs = Readonly<Record<string, string>>;

export interface CaseFile {
  readonly id: string;
  /** Name of the file without folder and extension. */
  readonly file: string;
  readonly profile: string;
  readonly features: readonly string[];
  readonly drive: Drive;
  readonly namespaces: Readonly<Record<string, Pairs>>;
  readonly gateways: readonly NamedSpec[];
  readonly backends: readonly Backend[];
  /** `namespace/service` names that must not exist. */
  readonly missing: readonly string[];
  readonly resources: readonly ResourceCase[];
  readonly steps: readonly Step[];
  readonly status: readonly StatusRow[];
}

export type Drive = "http" | "tls" | "h2c" | "websocket" | "grpc" | "status";

export interface NamedSpec {
  readonly name: string;
  readonly namespace: string;
  readonly spec: Readonly<Record<string, unknown>>;
}

export interface ResourceCase extends NamedSpec {
  readonly kind: string;
}

export interface Backend {
  readonly service: string;
  readonly namespace: string;
  readonly ports: readonly { port: number; name?: string; appProtocol?: string }[];
  readonly workloads: readonly Workload[];
  readonly protocol?: string;
}

export interface Workload {
  readonly workload: string;
  readonly labels?: Pairs;
}

export type Step = Case | Operation;

export interface Case {
  readonly id: string;
  readonly title: string;
  readonly via: Via;
  readonly request: CaseRequest;
  readonly expect: Expectation;
  readonly backend_sets_response_headers?: Pairs;
  readonly distribution?: Distribution;
  readonly mirror_distribution?: MirrorDistribution;
  readonly repeat?: Repeat;
  readonly websocket?: readonly Frame[];
  /** Implementations differ: reported, not counted. */
  readonly disputed?: boolean;
  readonly verdict?: string;
  readonly level?: string;
}

export interface Via {
  readonly gateway?: string;
  readonly namespace?: string;
  readonly port?: number;
  readonly scheme?: string;
  readonly protocol?: string;
  readonly mesh?: { readonly from: Caller; readonly to: string };
}

export interface Caller {
  readonly namespace: string;
  readonly labels: Pairs;
}

export interface CaseRequest {
  readonly method?: string;
  readonly host?: string;
  readonly host_header?: string;
  readonly path: string;
  readonly query?: string;
  readonly headers?: Pairs;
  readonly body?: string;
}

export interface Expectation {
  readonly status?: readonly number[];
  readonly http_status?: readonly number[];
  readonly grpc_status?: number | readonly number[];
  readonly backend?: string;
  readonly backend_namespace?: string;
  readonly reaches_backend?: boolean;
  readonly forwarded?: Forwarded;
  readonly response?: ExpectedResponse;
  readonly redirect?: ExpectedRedirect;
  readonly mirrored_to?: readonly { service: string; namespace: string; percent?: number }[];
}

export interface Forwarded {
  readonly method?: string;
  readonly host?: string;
  readonly path?: string;
  readonly query?: string;
  readonly headers?: Pairs;
  readonly absent_headers?: readonly string[];
}

export interface ExpectedResponse {
  readonly headers?: Pairs;
  readonly headers_one_of?: Readonly<Record<string, readonly string[]>>;
  readonly absent_headers?: readonly string[];
  readonly ignore_whitespace?: boolean;
}

export interface ExpectedRedirect {
  readonly scheme?: string;
  readonly host?: string;
  readonly port?: string | number;
  readonly path?: string;
}

export interface Distribution {
  readonly requests: number;
  readonly concurrency?: number;
  readonly weights: Readonly<Record<string, number>>;
  readonly tolerance_abs: number;
  readonly attempts?: number;
  readonly zero_weight_must_get_none?: boolean;
  readonly entropy?: { readonly header: string; readonly probability: number };
}

export interface MirrorDistribution {
  readonly requests: number;
  readonly concurrency?: number;
  readonly expected: number;
  readonly sigma: number;
  readonly tolerance_sigma: number;
  readonly attempts?: number;
}

export interface Repeat {
  readonly requests: number;
  readonly each: {
    readonly forwarded_header_equals_backend?: string;
    readonly forwarded_header_count?: number;
  };
}

export interface Frame {
  readonly send_text?: string;
  readonly expect_text?: string;
  readonly send_binary_hex?: string;
  readonly expect_binary_hex?: string;
}

export interface Operation {
  readonly op: string;
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  readonly set?: Readonly<Record<string, unknown>>;
  readonly then_status?: readonly StatusRow[];
}

export interface StatusRow {
  readonly route?: string;
  readonly parent?: string;
  readonly type?: string;
  readonly status?: string;
  readonly reason?: string;
  readonly no_accepted_parents?: boolean;
  readonly observed_generation?: "latest" | "increased";
  readonly gateway?: string;
  readonly listener?: string;
  readonly attached_routes?: number;
}

/** Whether a step changes something rather than asks something. */
export const isOperation = (step: Step): step is Operation => "op" in step;

/** The case file in a document whose schema is meshconf/1. */
export function toCaseFile(file: string, document: Readonly<Record<string, unknown>>): CaseFile {
  const list = <T>(name: string): readonly T[] => (document[name] ?? []) as readonly T[];
  const profile = document["profile"];
  return {
    id: typeof document["id"] === "string" ? document["id"] : file,
    file,
    profile: typeof profile === "string" ? profile : "gateway-http",
    features: [...list<string>("core_features"), ...list<string>("extended_features")],
    drive: (document["drive"] ?? "http") as Drive,
    namespaces: (document["namespaces"] ?? {}) as CaseFile["namespaces"],
    gateways: list("gateways"),
    backends: list("backends"),
    missing: list("missing_backends"),
    resources: list("resources"),
    steps: list("cases"),
    status: list("status"),
  };
}
