// Owns the form resources are stored and read back in. Alone in its file: declarations of `heddle/testing` lead here, and to
// no type of the Workers' runtime.

/** A resource as stored: Kubernetes-shaped, JSON. */
export interface StoredResource {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
    readonly generation: number;
    readonly resourceVersion: string;
    readonly creationTimestamp: string;
    readonly uid: string;
  };
  readonly spec: Readonly<Record<string, unknown>>;
  readonly status?: Readonly<Record<string, unknown>>;
}
