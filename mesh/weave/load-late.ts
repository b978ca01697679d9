// The late part, as the weave asks for it: in a woven Worker a module of its own (cli/bundle.ts), elsewhere a bundler
// inlines it.
import type * as part from "./late.ts";

type LatePart = typeof part;

let loaded: LatePart | null = null;

/** What `use` makes of the late part: at once where it is here, else when it has come. */
export const withLate = <T>(use: (late: LatePart) => T): T | Promise<Awaited<T>> =>
  loaded === null
    ? import("./late.ts").then((late) => {
        loaded = late;
        return use(late) as Awaited<T>;
      })
    : use(loaded);
