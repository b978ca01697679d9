// Owns whether a table needs the late part of the data plane, by what is in its chunks: mesh/pipeline/late.ts lists what
// lies there.
import type { HostChunk } from "../../mesh/contract/gateway.ts";
import type { Backend, Rule } from "../../mesh/contract/rule.ts";
import type { ServiceChunk } from "../../mesh/contract/service.ts";

/** By id and value of a chunk; one of another kind than those known here needs it. */
export const isLateChunk = (id: string, chunk: unknown): boolean => {
  if (id === "gateways") return false;
  if (id.startsWith("service:")) return isLateService(chunk as ServiceChunk);
  return !id.startsWith("host:") || (chunk as HostChunk).table.rules.some(isLateRule);
};

const isLateService = ({
  level,
  producer,
  consumer,
  rpc,
  endpoints,
  breakers,
}: ServiceChunk): boolean =>
  (rpc ?? breakers) !== undefined ||
  level === "request" ||
  level === "strict" ||
  producer !== null ||
  consumer !== null ||
  endpoints.length > 1 ||
  endpoints.some(({ url, version }) => url !== undefined || version !== undefined);

/** The gateway finds its rules by itself. */
const isLateRule = (rule: Rule): boolean =>
  rule.backends.length > 1 ||
  rule.cors !== undefined ||
  rule.fault !== undefined ||
  rule.session !== undefined ||
  [rule, ...rule.backends].some(isChanged);

const isChanged = ({ transform, mirrors }: Pick<Backend, "transform" | "mirrors">): boolean =>
  transform !== undefined || mirrors !== undefined;
