// Owns asking whether a kill switch is set for a call; one that is, is noted, so that the call's line and counter show it.
import type { BypassFeature } from "../contract/table.ts";
import type { OutboundCall } from "./call.ts";

/** Whether the feature is switched off for calls to the service. */
export function isBypassed(call: OutboundCall, feature: BypassFeature, service: string): boolean {
  if (call.isolate.table()?.bypassed(feature, service) !== true) return false;
  call.bypassed ??= [];
  if (!call.bypassed.includes(feature)) call.bypassed.push(feature);
  return true;
}
