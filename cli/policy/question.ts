// Owns what `heddle policy check` asks: words of the command line as a request.
import type { Asked } from "../../mesh/algorithms/authorize/holds.ts";
import { policyHost } from "../../mesh/algorithms/authorize/path.ts";
import { CliError, EXIT } from "../exit.ts";

export interface QuestionOptions {
  readonly namespace: string;
  readonly method?: string;
  readonly path?: string;
  readonly host?: string;
  readonly rpc?: string;
  readonly header?: readonly string[];
  readonly via?: "relay";
}

/** `namespace/name` of a word such as `cart`, `cart.shop` or `shop/cart`. */
export function toId(word: string, namespace: string): string {
  if (word.includes("/")) return word;
  const [name, other] = word.split(".");
  return `${other ?? namespace}/${name}`;
}

/** Who asks, as policies name it; `outside` has no identity. */
export function toPrincipal(word: string, namespace: string, trustDomain: string): string {
  if (word === "outside") return "";
  const bare = word.replace(/^spiffe:\/\//, "");
  if (bare.includes("/ns/")) return bare;
  const [ns, name] = toId(bare, namespace).split("/");
  return `${trustDomain}/ns/${ns}/sa/${name}`;
}

/** The request that is asked about. */
export function toAsked(principal: string, to: string, options: QuestionOptions): Asked {
  const { rpc, via = "direct" } = options;
  const caller = { principal, via, claims: undefined, port: "80" } as const;
  if (rpc === undefined) return { ...caller, ...toHttp(to, options) };
  if ((options.method ?? options.path ?? options.host ?? options.header) !== undefined) {
    throw new CliError(EXIT.usage, {
      message: "--rpc stands beside options of HTTP",
      mend: "A call is one or the other: leave out --rpc, or -X, --path, --host and --header.",
    });
  }
  return { ...caller, rpc: toMethod(rpc), method: "", host: "", path: "", header: undefined };
}

function toHttp(
  to: string,
  { method = "GET", path = "/", host = to.split("/")[1] ?? "", header = [] }: QuestionOptions,
): Pick<Asked, "rpc" | "method" | "host" | "path" | "header"> {
  const headers = new Headers(header.map(toHeader));
  return {
    rpc: null,
    method: method.toUpperCase(),
    host: policyHost(host),
    path: path.replace(/[?#].*$/s, ""),
    header: (name) => headers.get(name),
  };
}

const toMethod = (rpc: string): string => (rpc.includes(".") ? rpc : `default.${rpc}`);

function toHeader(text: string): [string, string] {
  const at = text.indexOf(":");
  if (at > 0) return [text.slice(0, at).trim(), text.slice(at + 1).trim()];
  throw new CliError(EXIT.usage, {
    message: `"${text}" is no header`,
    mend: 'Write "name: value".',
  });
}
