// The one list of cases that do not apply to a mesh of Workers, by what drives them, each with the reason.

export const NOT_APPLICABLE: Readonly<Record<string, string>> = {
  tls: "not applicable: the platform terminates TLS before a Worker runs, so certificates, SNI and ALPN are never the mesh's to serve",
  h2c: "not applicable: a Worker is called through a binding, which has no cleartext HTTP/2 of its own",
};
