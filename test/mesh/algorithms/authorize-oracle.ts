// Owns what policies mean, read off their documents word by word: every rule of every policy, no index, no order.
import type { AuthorizationPolicySpec } from "../../../mesh/contract/resources/authorization-policy.ts";
import type { Asked } from "../../../mesh/algorithms/authorize/holds.ts";

type Three = boolean | undefined;
type Lists = Readonly<Record<string, readonly string[] | undefined>>;

/** Whether a request is allowed: no DENY rule holds, and some ALLOW rule where there is an ALLOW policy. */
export function allowedByText(
  policies: readonly AuthorizationPolicySpec[],
  asked: Asked,
  defaultAction: "allow-bound" | "deny",
): boolean {
  const of = (wanted: string) =>
    policies.filter(({ mode, action }) => mode === "enforce" && action === wanted);
  const some = (wanted: string, unknown: boolean): boolean =>
    of(wanted).some(({ rules }) => rules.some((rule) => holds(rule, asked) ?? unknown));
  if (some("DENY", true)) return false;
  return of("ALLOW").length > 0 ? some("ALLOW", false) : defaultAction === "allow-bound";
}

/** Kleene's AND and OR: what is unknown decides only where nothing else does. */
const and = (all: readonly Three[]): Three =>
  all.includes(false) ? false : all.includes(undefined) ? undefined : true;
const or = (all: readonly Three[]): Three =>
  all.includes(true) ? true : all.includes(undefined) ? undefined : false;
const not = (one: Three): Three => (one === undefined ? undefined : !one);

function holds(rule: AuthorizationPolicySpec["rules"][number], asked: Asked): Three {
  const { from = [{}], to = [{}], when = [] } = rule;
  const conditions = when.map(({ key, values, notValues }) =>
    and([
      values === undefined || or(values.map((value) => takes(key, value, asked))),
      notValues === undefined || not(or(notValues.map((value) => takes(key, value, asked)))),
    ]),
  );
  const operations = to.filter(
    (one) => rule.to === undefined || /rpc/i.test(Object.keys(one).join()) === (asked.rpc !== null),
  );
  const [sources, ours] = [from, operations].map((all) =>
    or(all.map((one) => fieldsHold(one, asked))),
  );
  return and([sources, ours, ...conditions]);
}

const fieldsHold = (fields: Lists, asked: Asked): Three =>
  and(
    Object.entries(fields).map(([name, values = []]) => {
      const isNot = /^not[A-Z]/.test(name);
      const field = isNot ? name.charAt(3).toLowerCase() + name.slice(4) : name;
      const one = or(values.map((value) => takes(field, value, asked)));
      return isNot ? not(one) : one;
    }),
  );

const glob = (pattern: string, text: string): boolean =>
  (pattern !== "*" || text !== "") &&
  new RegExp(
    `^${pattern.replaceAll(".", "[.]").replaceAll(/[()]/g, "[$&]").replaceAll("*", ".*")}$`,
  ).test(text);

function takes(field: string, value: string, asked: Asked): Three {
  const said = asked.principal.split("/");
  const caller = { namespaces: said[2] ?? "", trustDomains: said[0], "source.via": asked.via };
  const { path: paths, method: methods, host: hosts } = asked;
  const what = { paths, methods, hosts, rpc: asked.rpc ?? "" };
  const texts: Readonly<Record<string, string | undefined>> = {
    ...caller,
    ...what,
    "request.headers[x-a]": asked.header && (asked.header("x-a") ?? ""),
    "remote.ip": asked.remoteIp,
  };
  if (field !== "principals") {
    const text = texts[field];
    return text === undefined ? undefined : glob(value.replace("{**}", "*"), text);
  }
  if (said.length === 1 || value === "*") return said.length > 1;
  const wanted = value.includes("/ns/") ? value : `td/ns/${value.replace("/", "/sa/")}`;
  return wanted.split("/").every((name, at) => name === "*" || name === said[at]);
}
