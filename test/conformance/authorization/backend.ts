// Owns what a careless backend could make of a path it is given: every mix of decoding, merging, cutting and resolving.

type Step = (path: string) => string;

const STEPS: readonly Step[] = [
  decode,
  decode,
  (path) => path.replaceAll("\\", "/"),
  (path) => path.replaceAll(/;[^/]*/g, ""),
  (path) => path.replaceAll(/\/{2,}/g, "/"),
  (path) => new URL(`http://host${path.startsWith("/") ? path : `/${path}`}`).pathname,
  // oxlint-disable-next-line no-control-regex -- what such a backend drops
  (path) => path.replaceAll(/[\u0000-\u0020]/g, ""),
];

/** Every path that some order and choice of the steps leads to; case is kept, as policies keep it. */
export function readings(path: string): readonly string[] {
  const found = new Set([path]);
  for (let round = 0; round < 3; round++) {
    for (const one of found) {
      if (found.size > 2000) break;
      for (const step of STEPS) found.add(step(one));
    }
  }
  return [...found];
}

function decode(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}
