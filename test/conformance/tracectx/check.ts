// Owns what a trace context case asks of the headers that a callback of the service under test carries.

/** Names in lower case, each header line as it was sent. */
export type Lines = readonly (readonly [name: string, value: string])[];

/** What holds for each callback; what a later version of the data adds is refused, not passed over. */
export interface Expected {
  readonly trace_id?: string;
  readonly trace_id_not?: readonly string[];
  readonly parent_id_not?: readonly string[];
  readonly tracestate?: Readonly<Record<string, string>>;
  readonly tracestate_absent?: readonly string[];
  readonly tracestate_members?: number;
  readonly tracestate_contains?: readonly string[];
  readonly tracestate_contains_any?: readonly string[];
  readonly tracestate_order_as_sent?: boolean;
  readonly tracestate_empty_value_not_sent?: boolean;
  readonly flags_bit_set?: number;
  /** Over all callbacks of the case. */
  readonly trace_ids_distinct?: number;
  readonly parent_ids_distinct?: number;
}

const FOR_PEOPLE = ["traceparent", "note"];
const TRACEPARENT = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/;
const ZEROS = /^0+$/;

interface Context {
  readonly traceId: string;
  readonly parentId: string;
  readonly flags: number;
  /** Header lines of the name. */
  readonly states: readonly string[];
  readonly members: readonly string[];
}

/** What differs; nothing where all callbacks are as they should be. */
export function differences(
  callbacks: readonly Lines[],
  wanted: Expected,
  times: number,
): readonly string[] {
  if (callbacks.length !== times) return [`expected ${times} callbacks, got ${callbacks.length}`];
  const contexts = callbacks.map(contextOf);
  const sound = contexts.filter((one) => one !== null);
  if (sound.length < contexts.length) return ["not exactly one valid traceparent"];
  const unknown = Object.keys(wanted).filter(
    (name) => !FOR_PEOPLE.includes(name) && !Object.hasOwn(CHECKS, name) && !isOverAll(name),
  );
  return [
    ...unknown.map((name) => `nothing checks ${name}`),
    ...sound.flatMap((context) => broken(context, wanted)),
    ...distinct(
      "trace_ids_distinct",
      sound.map(({ traceId }) => traceId),
      wanted,
    ),
    ...distinct(
      "parent_ids_distinct",
      sound.map(({ parentId }) => parentId),
      wanted,
    ),
  ];
}

type OverAll = "trace_ids_distinct" | "parent_ids_distinct";
const isOverAll = (name: string): boolean => /^(?:trace|parent)_ids_distinct$/.test(name);

function distinct(name: OverAll, ids: readonly string[], wanted: Expected): readonly string[] {
  const count = new Set(ids).size;
  return wanted[name] === undefined || wanted[name] === count
    ? []
    : [`${name}: expected ${wanted[name]}, got ${count}`];
}

function contextOf(lines: Lines): Context | null {
  const valuesOf = (name: string): readonly string[] =>
    lines.filter(([own]) => own === name).map(([, value]) => value);
  const [parent, second] = valuesOf("traceparent");
  const match = TRACEPARENT.exec(parent ?? "");
  if (match === null || second !== undefined) return null;
  const [, traceId = "", parentId = "", flags = ""] = match;
  if (ZEROS.test(traceId) || ZEROS.test(parentId)) return null;
  const states = valuesOf("tracestate");
  const members = states
    .join(",")
    .split(",")
    .map(withoutBlanks)
    .filter((one) => one !== "");
  return { traceId, parentId, flags: Number.parseInt(flags, 16), states, members };
}

const withoutBlanks = (member: string): string => member.replace(/^[ \t]+|[ \t]+$/g, "");

const keyOf = (member: string): string => member.slice(0, member.indexOf("="));

/** Whether what a case says of one thing holds, by the name it says it under. */
const CHECKS: { readonly [K in Exclude<keyof Expected, OverAll>]-?: Check<K> } = {
  trace_id: ({ traceId }, id) => traceId === id,
  trace_id_not: ({ traceId }, ids) => !ids.includes(traceId),
  parent_id_not: ({ parentId }, ids) => !ids.includes(parentId),
  flags_bit_set: ({ flags }, bit) => (flags & bit) === bit,
  tracestate: ({ members }, wanted) =>
    Object.entries(wanted).every(([key, value]) => members.includes(`${key}=${value}`)),
  tracestate_absent: ({ members }, keys) => !members.some((one) => keys.includes(keyOf(one))),
  tracestate_members: ({ members }, count) => members.length === count,
  tracestate_contains: ({ members }, wanted) => wanted.every((one) => members.includes(one)),
  tracestate_contains_any: ({ members }, any) => members.some((one) => any.includes(one)),
  // The members themselves stand under `tracestate_contains`.
  tracestate_order_as_sent: ({ members }, _, { tracestate_contains: sent = [] }) =>
    members.join(",") === sent.join(","),
  tracestate_empty_value_not_sent: ({ states }) => !states.includes(""),
};

type Check<K extends keyof Expected> = (
  context: Context,
  wanted: NonNullable<Expected[K]>,
  all: Expected,
) => boolean;

function broken(context: Context, wanted: Expected): readonly string[] {
  return Object.entries(CHECKS).flatMap(([name, holds]) => {
    const value = wanted[name as keyof Expected];
    if (value === undefined || value === false) return [];
    if ((holds as Check<keyof Expected>)(context, value, wanted)) return [];
    const { traceId, parentId, flags, members } = context;
    const got = JSON.stringify({ traceId, parentId, flags, members });
    return [`${name}: expected ${JSON.stringify(value)}, got ${got}`];
  });
}
