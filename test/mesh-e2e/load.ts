// Owns calls that keep coming: 200 a second from three callers, each kept as its caller saw it.
import { expect } from "vitest";
import type { Mesh } from "./mesh.ts";
import { CALLERS } from "./project.ts";

/** What one call came to, as its caller saw it. */
export interface Seen {
  readonly atMs: number;
  readonly caller: string;
  readonly status: number;
  readonly body: string;
}

export const isRefused = ({ body }: Seen): boolean => body.includes("circuit_open");

/** Two calls at once from one caller. */
export async function callTwice(
  mesh: Mesh,
  caller: string,
  path: string,
): Promise<readonly Seen[]> {
  const { body } = await mesh.ask({ caller, path: `/burst/2${path}` });
  const atMs = performance.now();
  const answers = JSON.parse(body) as [number, string][];
  return answers.map(([status, text]) => ({ atMs, caller, status, body: text }));
}

export interface Load {
  readonly seen: Seen[];
  /** Resolves once so many more calls came back. */
  readonly more: (calls: number) => Promise<void>;
  readonly stop: () => Promise<readonly Seen[]>;
}

/** Calls under way at once, at most: what a busy machine does not get done is not called. */
const MOST_UNDERWAY = 40;

/** 200 calls a second from three callers, until it is stopped; what each calls is asked when it calls. */
export function startLoad(mesh: Mesh, pathOf: (caller: string) => string): Load {
  const seen: Seen[] = [];
  const underway = new Set<Promise<void>>();
  let index = 0;
  const timer = setInterval(() => {
    if (underway.size >= MOST_UNDERWAY) return;
    const caller = CALLERS[index++ % CALLERS.length]!;
    const calling = callTwice(mesh, caller, pathOf(caller)).then((both) => {
      seen.push(...both);
      underway.delete(calling);
    });
    underway.add(calling);
  }, 10);
  return {
    seen,
    async more(calls) {
      const enough = seen.length + calls;
      await expect.poll(() => seen.length >= enough, { timeout: 20_000 + 20 * calls }).toBe(true);
    },
    async stop() {
      clearInterval(timer);
      await Promise.all(underway);
      return seen;
    },
  };
}
