// Global fetch of a woven Worker: it goes where it would go bare, with the trace of the scope it is called in.
import { HEDDLE, TRACEPARENT, TRACESTATE } from "../contract/headers.ts";
import { randomHex, traceparent } from "../pipeline/context.ts";
import type { Isolate, Scope } from "../pipeline/isolate.ts";
import { runningScope } from "./scope.ts";

type Given = Parameters<typeof fetch>;

/** Puts it in the place of the platform's; must run before the application's module is evaluated. */
export function traceGlobalFetch(isolate: Isolate): void {
  const bare = globalThis.fetch;
  globalThis.fetch = function fetch(...given: Given) {
    const scope = runningScope();
    const isTraced = scope !== undefined && isolate.table()?.defaults.egress?.globalFetch !== "off";
    return bare.apply(globalThis, isTraced ? traced(isolate, scope, given) : given);
  };
}

/** A trace that the application set itself stays; the one that came with a request handed on is continued. */
function traced(isolate: Isolate, { context }: Scope, given: Given): Given {
  try {
    const request = new Request(...given);
    const { headers } = request;
    headers.delete(HEDDLE);
    const set = headers.get(TRACEPARENT);
    if (set === null || set === traceparent(context)) {
      const spanId = randomHex(16, () => isolate.random());
      headers.set(TRACEPARENT, traceparent({ ...context, spanId }));
      if (context.tracestate !== "" && !headers.has(TRACESTATE))
        headers.set(TRACESTATE, context.tracestate);
    }
    return [request];
  } catch {
    // What cannot be fetched is for the platform to refuse.
    return given;
  }
}
