// `import { exports } from "cloudflare:workers"`: what `ctx.exports` leads to, where no ctx is at hand.
import { AsyncLocalStorage } from "node:async_hooks";
import * as platform from "cloudflare:workers";
import type { Loop } from "./hand-on.ts";
import { loopbackExports } from "./loopback.ts";
import { runAround } from "./scope.ts";

/** Puts the woven ones in the place of the platform's, for all that runs in a scope; costs each scope a microsecond. */
export function shareExports(loop: Loop): void {
  const { withExports } = platform as unknown as { readonly withExports?: WithExports };
  if (withExports === undefined) return;
  const outside = AsyncLocalStorage.snapshot();
  const real = (): object => platform.exports;
  // Inside, the platform's name leads here: what is behind it is asked for from outside.
  const bare = new Proxy(
    {},
    {
      get: (_empty, name) => outside(() => Reflect.get(real(), name) as unknown),
      has: (_empty, name) => outside(() => name in real()),
      ownKeys: () => outside(() => Reflect.ownKeys(real())),
      getOwnPropertyDescriptor: (_empty, name) =>
        outside(() => Reflect.getOwnPropertyDescriptor(real(), name)),
    },
  );
  const woven = loopbackExports(bare, loop);
  runAround((run) => withExports(woven, run));
}

type WithExports = <T>(exports: unknown, run: () => T) => T;
