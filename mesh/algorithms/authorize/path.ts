// Owns the path that policies see: one string that a policy, Hono and itty-router all read alike, or none. Nothing is
// repaired; what two readers could take for different things is refused (RFC 3986 §6.2.2 names what is equivalent).

/** A longer path is refused. */
const MAX_PATH_CHARS = 4096;
const ESCAPE = /%[0-9a-f]{2}/gi;
const UNRESERVED = /[\w\-.~]/;
/**
 * Segments of RFC 3986's pchar without `;`, none of them empty but the last, none `.` or `..`. Of the escapes those that
 * no router decodes: `$ & + , : = @`. All else that is escaped some reader decodes and another does not.
 */
const PLAIN =
  /^\/$|^(?:\/(?!\.{1,2}(?:\/|$))(?:[\w\-.~!$&'()*+,=:@]|%(?:24|26|2b|2c|3a|3d|40))+)+\/?$/i;

/** The path with escaped unreserved characters decoded once; null where it is ambiguous. */
export function policyPath(path: string): string | null {
  if (path.length > MAX_PATH_CHARS) return null;
  const decoded = path.includes("%") ? path.replace(ESCAPE, unescape) : path;
  return PLAIN.test(decoded) ? decoded : null;
}

function unescape(escape: string): string {
  const char = String.fromCharCode(Number.parseInt(escape.slice(1), 16));
  return UNRESERVED.test(char) ? char : escape;
}

/** The host that policies see: lower case, without port and without the dot of a fully qualified name. */
export const policyHost = (host: string): string =>
  host.toLowerCase().replace(/:\d*$/, "").replace(/\.$/, "");
