// Owns where our path rule differs from Istio's normalisation, by class; docs/paths.md explains each under the same name.

/** A class of paths, by the words of the docs. */
export interface Difference {
  readonly name: string;
  /** Whether a path, as a Worker sees it, is of the class. */
  readonly takes: (path: string) => boolean;
}

/** The first that takes a refused path names it. */
export const REFUSED: readonly Difference[] = [
  { name: "escaped slash or backslash", takes: (path) => /%(2f|5c)/i.test(path) },
  { name: "empty segment", takes: (path) => path.includes("//") },
  { name: "backslash", takes: (path) => path.includes("\\") },
  { name: "path parameter", takes: (path) => path.includes(";") },
  { name: "escaped percent sign", takes: (path) => /%25/.test(path) },
  { name: "escaped control character", takes: (path) => /%([01][0-9a-f]|7f)/i.test(path) },
  { name: "escaped delimiter", takes: (path) => /%(23|3f|3b)/i.test(path) },
  { name: "escape that is none", takes: (path) => /%(?![0-9a-f]{2})/i.test(path) },
  { name: "escaped byte outside of ASCII", takes: (path) => /%[89a-f][0-9a-f]/i.test(path) },
  { name: "escape that routers read differently", takes: (path) => path.includes("%") },
  {
    name: "character outside of RFC 3986",
    takes: (path) => /[^\w\-.~!$&'()*+,=:@/%]/.test(path),
  },
];

/** Why an accepted path is another string than Istio's. */
export const RESPELT: readonly (Difference & { readonly mode: RegExp })[] = [
  { name: "runtime resolves first", mode: /^NONE$/, takes: (path) => /[.\\]|%2e/i.test(path) },
  { name: "unreserved characters decoded", mode: /^NONE$/, takes: (path) => path.includes("%") },
  {
    name: "reserved characters stay escaped",
    mode: /^DECODE/,
    takes: (path) => path.includes("%"),
  },
];

/** The class of a path that is refused; null where none explains it. */
export const refusalOf = (path: string): string | null =>
  REFUSED.find(({ takes }) => takes(path))?.name ?? null;

/** The class of a path that is accepted as another string. */
export const respellingOf = (mode: string, path: string): string | null =>
  RESPELT.find((one) => one.mode.test(mode) && one.takes(path))?.name ?? null;

/** What a Worker sees of a request target sent over a socket; null where the runtime answers 400 itself. */
export function seenByWorker(target: string): string | null {
  if (/[\s<>`\u0080-\u{10ffff}]/u.test(target)) return null;
  const cut = target.replace(/[?#].*$/s, "");
  const path = new URL(`http://host${cut}`).pathname;
  return path;
}
