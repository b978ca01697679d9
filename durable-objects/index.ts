// The host Worker of every object class: exports them and the Pulse entrypoint, nothing else.
export { CircuitBreaker } from "./circuit-breaker/object.ts";
export { ConfigStore } from "./config-store/object.ts";
export { Issuer } from "./issuer/object.ts";
export { Pulse } from "./pulse/entrypoint.ts";
export { Registry } from "./registry/object.ts";
export { ReplayGuard } from "./replay-guard/object.ts";
export { Telemetry } from "./telemetry/object.ts";

/** Nothing is served here; whoever comes by HTTP is at the wrong Worker. */
export default {
  fetch: (): Response => new Response("Not found\n", { status: 404 }),
} satisfies ExportedHandler;
