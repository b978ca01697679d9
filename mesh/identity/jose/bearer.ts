// Owns how a token is taken from a request: one Authorization header of scheme Bearer (RFC 6750 section 2.1).

export type BearerFault = "token-missing" | "scheme" | "malformed" | "duplicate-header";

/** The token, or why there is none; `values` are all values of the header, as they came. */
export function bearerOf(
  values: readonly string[],
): { readonly token: string } | { readonly fault: BearerFault } {
  const [value] = values;
  if (value === undefined) return { fault: "token-missing" };
  if (values.length > 1) return { fault: "duplicate-header" };
  if (/[^\u0020-\u007e]/.test(value)) return { fault: "malformed" };
  // Blanks around a field are not part of it (RFC 9110 section 5.5).
  const credentials = value.trim();
  if (credentials === "") return { fault: "token-missing" };
  const [scheme = "", ...rest] = credentials.split(" ");
  if (scheme.toLowerCase() !== "bearer") return { fault: "scheme" };
  const [token = "", ...more] = rest;
  if (rest.length === 0) return { fault: "token-missing" };
  return more.length > 0 || !/^[A-Za-z0-9._~+/-]+=*$/.test(token)
    ? { fault: "malformed" }
    : { token };
}
