// Owns the syntax of SPIFFE ids (SPIFFE-ID.md sections 2 and 3): strict, since two spellings of one id would be two callers.

/** Longest id in bytes (SPIFFE-ID.md section 2.3). */
const MAX_BYTES = 2048;
const MAX_TRUST_DOMAIN = 255;
const SCHEME = "spiffe://";
const TRUST_DOMAIN = /^[a-z0-9._-]+$/;
const SEGMENT = /^[A-Za-z0-9._-]+$/;

/** Why a text is no SPIFFE id. */
export type SpiffeIdFault =
  | "empty"
  | "too-long"
  | "scheme"
  | "charset-unicode"
  | "userinfo"
  | "port"
  | "query"
  | "fragment"
  | "percent"
  | "trust-domain-empty"
  | "trust-domain-case"
  | "trailing-slash"
  | "empty-segment"
  | "dot-segment"
  | "charset";

/** A SPIFFE id in its parts; the path begins with a slash or is empty. */
export interface SpiffeId {
  readonly trustDomain: string;
  readonly path: string;
}

/** Reads a SPIFFE id, or says what is wrong with it; nothing is normalised. */
export function parseSpiffeId(text: string): SpiffeId | SpiffeIdFault {
  if (text === "") return "empty";
  if (!text.startsWith(SCHEME)) return "scheme";
  if (text.length > MAX_BYTES) return "too-long";
  const rest = text.slice(SCHEME.length);
  const slash = rest.indexOf("/");
  const trustDomain = slash < 0 ? rest : rest.slice(0, slash);
  const path = slash < 0 ? "" : rest.slice(slash);
  const fault = foreign(rest) ?? ofTrustDomain(trustDomain) ?? ofPath(path);
  return fault ?? { trustDomain, path };
}

/** What other kinds of URI have and this one has not. */
function foreign(rest: string): SpiffeIdFault | null {
  // oxlint-disable-next-line no-control-regex -- the rule is about all of ASCII
  if (/[^\u0000-\u007f]/.test(rest)) return "charset-unicode";
  if (rest.includes("?")) return "query";
  if (rest.includes("#")) return "fragment";
  return rest.includes("%") ? "percent" : null;
}

function ofTrustDomain(name: string): SpiffeIdFault | null {
  if (name === "") return "trust-domain-empty";
  if (TRUST_DOMAIN.test(name)) return name.length > MAX_TRUST_DOMAIN ? "too-long" : null;
  if (name.includes("@")) return "userinfo";
  if (/^[A-Za-z0-9._-]+:\d*$/.test(name)) return "port";
  return TRUST_DOMAIN.test(name.toLowerCase()) ? "trust-domain-case" : "charset";
}

/** The first fault from left to right. */
function ofPath(path: string): SpiffeIdFault | null {
  if (path === "") return null;
  const segments = path.slice(1).split("/");
  for (const [at, segment] of segments.entries()) {
    if (segment === "") return at === segments.length - 1 ? "trailing-slash" : "empty-segment";
    if (segment === "." || segment === "..") return "dot-segment";
    if (!SEGMENT.test(segment)) return "charset";
  }
  return null;
}
