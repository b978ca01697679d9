// Owns the schema meshvs/1: VirtualServices and DestinationRules with requests and what becomes of them.

/** A request of a case. */
export interface VsRequest {
  readonly method: string;
  /** Whole target. */
  readonly path: string;
  readonly host: string;
  readonly port?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly source?: {
    readonly labels?: Readonly<Record<string, string>>;
    readonly namespace?: string;
  };
}

/** Where a call goes. */
export interface VsDestination {
  readonly host: string;
  readonly subset?: string;
}

export interface Shares {
  readonly requests: number;
  readonly subsets?: Readonly<Record<string, number>>;
  readonly services?: Readonly<Record<string, number>>;
  readonly statuses?: Readonly<Record<string, number>>;
  readonly tolerance_abs?: number;
  readonly others_zero?: boolean;
  readonly endpoints_equal?: number;
  readonly max_deviation?: number;
}

export interface Affinity {
  readonly requests: number;
  readonly same_endpoint?: boolean;
  readonly min_endpoints?: number;
  readonly carry_cookie?: boolean;
}

export interface Load {
  readonly concurrency: number;
  readonly requests: number;
  readonly min_503?: number;
  readonly max_503?: number;
  readonly min_503_share?: number;
}

/** What is expected of a request. */
export interface VsExpect {
  readonly destination?: VsDestination;
  readonly status?: number;
  readonly repeat?: number;
  readonly body?: string;
  readonly attempts?: number;
  readonly reaches_backend?: boolean;
  readonly min_latency_ms?: number;
  readonly max_latency_ms?: number;
  readonly forwarded?: {
    readonly host?: string;
    readonly path?: string;
    readonly headers?: Readonly<Record<string, string>>;
    readonly absent_headers?: readonly string[];
  };
  readonly redirect?: {
    readonly location?: string;
    readonly host?: string;
    readonly path?: string;
  };
  readonly response?: {
    readonly headers?: Readonly<Record<string, string>>;
    readonly absent_headers?: readonly string[];
  };
  readonly backend_sets_response_headers?: Readonly<Record<string, string>>;
  readonly distribution?: Shares;
  readonly mirror_distribution?: {
    readonly requests: number;
    readonly share: number;
    readonly tolerance_abs: number;
  };
  readonly affinity?: Affinity;
  readonly sets_cookie?: { readonly name: string; readonly max_age?: number };
  readonly load?: Load;
}

export interface VsCase {
  readonly id: string;
  readonly request: VsRequest;
  readonly expect: VsExpect;
}

export interface VsDocument {
  readonly id: string;
  readonly virtual_services: readonly Spec[];
  readonly destination_rules?: readonly Spec[];
  readonly gateways?: readonly Spec[];
  readonly cases: readonly VsCase[];
  /** Endpoints behind a service that has no subsets. */
  readonly endpoints?: number;
  /** Begins with `rejected` where the documents are to be refused. */
  readonly expect_config?: string;
  readonly disputed?: boolean;
}

/** The spec of an Istio resource. */
export type Spec = Readonly<Record<string, unknown>>;

/** The documents of a file. */
export const documentsOf = (file: Readonly<Record<string, unknown>>): readonly VsDocument[] =>
  Array.isArray(file["documents"]) ? (file["documents"] as readonly VsDocument[]) : [];

/** The documents as Istio's resources, all in one namespace. */
export function resourcesOf(document: VsDocument): readonly unknown[] {
  const of = (kind: string, specs: readonly Spec[] = []) =>
    specs.map((spec, index) => ({
      apiVersion: "networking.istio.io/v1",
      kind,
      metadata: { name: `${kind.toLowerCase()}-${index}`, namespace: NAMESPACE },
      spec,
    }));
  return [
    ...of("VirtualService", document.virtual_services),
    ...of("DestinationRule", document.destination_rules),
    ...of("Gateway", document.gateways),
  ];
}

/** Where everything of this schema lives. */
export const NAMESPACE = "default";
