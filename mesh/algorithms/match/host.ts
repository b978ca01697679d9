// Owns which hostnames of a listener take a host, most specific first (Gateway API: exact, longest wildcard, `*`).

const sets = new WeakMap<readonly string[], ReadonlySet<string>>();

const PORT = /:\d*$/;
/** RFC 1035 §2.3.4, and the wildcard's two characters. */
const MAX_HOST_CHARS = 255;

/** The host in lower case and without its port; nothing else is changed (a trailing dot stays, brackets stay). */
export const canonicalHost = (host: string): string =>
  (host.includes(":") ? host.replace(PORT, "") : host).toLowerCase();

/**
 * Asks `visit` for those of `hosts` (lower case) that take `host`, most specific first, until it answers something. A
 * route of a less specific one may still win when no rule of a more specific one matches. `*.example.com` takes one label
 * or more before `.example.com`.
 */
export const firstHost = <T>(
  host: string,
  hosts: readonly string[],
  visit: (hostname: string) => T | null,
): T | null => {
  const name = canonicalHost(host);
  if (name.length > MAX_HOST_CHARS) return null;
  const known = setOf(hosts);
  let found = known.has(name) && !name.startsWith("*") ? visit(name) : null;
  const hasWildcard = known.size > 1 || !known.has(name);
  for (
    let dot = name.indexOf(".", 1);
    hasWildcard && found === null && dot >= 0;
    dot = name.indexOf(".", dot + 1)
  ) {
    const wildcard = `*${name.slice(dot)}`;
    if (known.has(wildcard)) found = visit(wildcard);
  }
  return found ?? (known.has("*") ? visit("*") : null);
};

/** All of them in a list. */
export const candidateHosts = (host: string, hosts: readonly string[]): readonly string[] => {
  const found: string[] = [];
  firstHost(host, hosts, (hostname) => {
    found.push(hostname);
    return null;
  });
  return found;
};

const setOf = (hosts: readonly string[]): ReadonlySet<string> => {
  const known = sets.get(hosts);
  if (known !== undefined) return known;
  const made = new Set(hosts);
  sets.set(hosts, made);
  return made;
};
