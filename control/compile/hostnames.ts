// Owns hostnames of listeners and routes: where two of them meet, and which is the more specific. `*` is every host.

/** What a listener's and a route's hostname have in common, or null; `*.a` matches any depth below `a`, not `a`. */
export function meet(listener: string, route: string): string | null {
  if (listener === route || covers(listener, route)) return route;
  return covers(route, listener) ? listener : null;
}

function covers(pattern: string, host: string): boolean {
  if (pattern === "*") return true;
  if (!pattern.startsWith("*.")) return false;
  return host.endsWith(pattern.slice(1)) && host !== pattern;
}

/** Hostnames under which a route answers on a listener; without hostnames of its own, the listener's. */
export function commonHosts(listener: string, route: readonly string[]): string[] {
  if (route.length === 0) return [listener];
  const hosts = route.flatMap((host) => meet(listener, host) ?? []);
  return [...new Set(hosts)];
}

/** Most specific first: exact names, then the longer wildcard, `*` last. */
export function bySpecificity(a: string, b: string): number {
  const [wildA, wildB] = [a.startsWith("*"), b.startsWith("*")];
  if (wildA !== wildB) return wildA ? 1 : -1;
  return b.length - a.length || (a < b ? -1 : 1);
}
