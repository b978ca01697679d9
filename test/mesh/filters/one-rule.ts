// One request by one rule, through the real chains; every service records what it got.
import { edge } from "../../../mesh/chains/edge.ts";
import { outbound } from "../../../mesh/chains/outbound.ts";
import type { Backend, Rule } from "../../../mesh/contract/rule.ts";
import type { HttpParts, OutboundCall } from "../../../mesh/pipeline/call.ts";
import { compose } from "../../../mesh/pipeline/filter.ts";
import { call, everyPath, fake, get, scope, service, type Answering, type Fake } from "./fake.ts";

export const run = compose(outbound);
export const runEdge = compose(edge);

interface Seen {
  readonly to: string;
  readonly url: string;
  readonly headers: Record<string, string>;
  readonly body: string | null;
}

interface Result {
  readonly response: Response;
  readonly seen: readonly Seen[];
  readonly waits: readonly Promise<unknown>[];
  readonly self: Fake;
  readonly sent: OutboundCall;
}

export const to = (name: string, more: Partial<Backend> = {}): Backend => ({
  service: `default/${name}`,
  port: null,
  weight: 1,
  ...more,
});

/** Sends one request by one rule; every service records what it got. */
export async function send(
  rule: Partial<Rule>,
  http: Partial<HttpParts> = {},
  options: {
    readonly answer?: Answering;
    readonly bypassed?: readonly string[];
    readonly call?: Partial<OutboundCall>;
    readonly at?: "outbound" | "edge";
  } = {},
): Promise<Result> {
  const seen: Seen[] = [];
  const waits: Promise<unknown>[] = [];
  const answering = (name: string): Answering => {
    return async (url, init, attempt) => {
      const headers = { ...(init.headers as Record<string, string>) };
      const body = init.body === undefined ? null : await new Response(init.body).text();
      seen.push({ to: name, url, headers, body });
      return options.answer?.(url, init, attempt) ?? new Response("ok");
    };
  };
  const names = ["callee", "other", "third"];
  const producer = [{ port: null, table: everyPath({ backends: [to("callee")], ...rule }) }];
  const self = fake({
    services: names.map((name) => service(name, name === "callee" ? { producer } : {})),
    answering: Object.fromEntries(names.map((name) => [`default/${name}`, answering(name)])),
    bypassed: options.bypassed ?? [],
  });
  const keeper = { waitUntil: (promise: Promise<unknown>) => void waits.push(promise) };
  const sent = call(self.isolate, "callee", {
    http: get("/", http),
    scope: { ...scope(), keeper },
    ...options.call,
  });
  const outcome = await (options.at === "edge" ? runEdge : run)(sent);
  await Promise.all(waits);
  if (outcome.kind !== "answer") throw new Error(`${outcome.kind}: ${outcome.reason}`);
  return { response: outcome.value as Response, seen, waits, self, sent };
}

export const at = (path: string, more: Partial<HttpParts> = {}): Partial<HttpParts> => ({
  path,
  url: `http://callee${path}${more.query ? `?${more.query}` : ""}`,
  ...more,
});
