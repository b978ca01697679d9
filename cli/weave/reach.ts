// Owns which bindings reach which entrypoint of which Worker: HEDDLE_TO_0, HEDDLE_TO_1, …
import {
  BINDINGS,
  PLAIN_PREFIX,
  type Dialled,
  type HeddleProps,
  type Reach,
} from "../../mesh/contract/wiring.ts";
import type { Dial } from "./dial.ts";

/** A service binding weaving adds. */
export interface MeshBinding {
  readonly binding: string;
  /** Who is bound: `namespace/name` of a Worker, or of one of the mesh's own (`heddle/control`, …). */
  readonly workload: string;
  /** Null is the default export. */
  readonly entrypoint: string | null;
  /** None towards a Worker that knows nothing of the mesh. */
  readonly props?: Readonly<Record<string, unknown>>;
}

/** A Worker that can be bound to. */
export interface Target {
  readonly workload: string;
  /** The empty string is the default export. */
  readonly entrypoints: readonly string[];
  /** It is not woven: it sees no props of ours. */
  readonly isPlain?: boolean;
  /**
   * Name under which the default export is bound to, where static assets stand in front of it: what the platform puts
   * there would hand on each call without the props that say who calls.
   */
  readonly front?: string;
}

/** A dial with all it may be steered to. */
export interface Course extends Dial {
  readonly targets: readonly Target[];
  /** Entrypoints that endpoints fix, beside the one dialled. */
  readonly fixed: readonly string[];
}

/** What a Worker is bound to. */
export interface ReachPlan {
  readonly bindings: readonly MeshBinding[];
  readonly reach: Reach;
  readonly dialled: Readonly<Record<string, Dialled>>;
}

/** Binds a caller to every target of its dials; dials with props of their own get bindings of their own. */
export function planReach(caller: string, courses: readonly Course[], tag?: string): ReachPlan {
  const allot = new Allotment(propsOf(caller, tag));
  const dialled: Record<string, Dialled> = {};
  for (const course of courses) {
    const entrypoint = course.dialled.entrypoint ?? "";
    for (const target of course.targets) {
      for (const wanted of new Set(course.props ? course.fixed : [entrypoint, ...course.fixed])) {
        allot.reach(target, wanted);
      }
    }
    dialled[course.binding] = course.props
      ? { ...course.dialled, reach: ownReach(allot, course, entrypoint, course.props) }
      : course.dialled;
  }
  return { bindings: allot.bindings, reach: allot.found, dialled };
}

/** Binds one of the mesh's own Workers to every entrypoint of every target; plain ones stand under `plain:`. */
export function reachAll(
  caller: string,
  targets: readonly Target[],
): Pick<ReachPlan, "bindings" | "reach"> {
  const allot = new Allotment(propsOf(caller));
  for (const target of targets) {
    for (const entrypoint of target.entrypoints) allot.reach(target, entrypoint);
  }
  return { bindings: allot.bindings, reach: allot.found };
}

/** What a caller's bindings into the mesh say of it. */
export const propsOf = (workload: string, tag?: string): HeddleProps => ({
  heddle: { workload, ...(tag === undefined ? {} : { tag }) },
});

/** Ids, as the table has them, of the endpoints a reach leads to: `ns/worker` and `ns/worker#Entrypoint`. */
export function boundEndpoints(reach: Reach): readonly string[] {
  return Object.entries(reach).flatMap(([key, entrypoints]) => {
    const workload = key.startsWith(PLAIN_PREFIX) ? key.slice(PLAIN_PREFIX.length) : key;
    const named = Object.keys(entrypoints).filter((name) => name !== "");
    return [workload, ...named.map((name) => `${workload}#${name}`)];
  });
}

function ownReach(
  allot: Allotment,
  { targets }: Course,
  entrypoint: string,
  props: Readonly<Record<string, unknown>>,
): Readonly<Record<string, string>> {
  const own: Record<string, string> = {};
  for (const target of targets) {
    const binding = allot.bind(target, entrypoint, props);
    if (binding !== null) own[target.workload] = binding;
  }
  return own;
}

/** Numbers bindings, one for each different (target, entrypoint, props). */
class Allotment {
  readonly bindings: MeshBinding[] = [];
  readonly found: Record<string, Record<string, string>> = {};
  readonly #ours: HeddleProps;
  readonly #byKey = new Map<string, string>();

  constructor(ours: HeddleProps) {
    this.#ours = ours;
  }

  reach(target: Target, entrypoint: string): void {
    const binding = this.bind(target, entrypoint, {});
    const key = target.isPlain ? `${PLAIN_PREFIX}${target.workload}` : target.workload;
    if (binding !== null) (this.found[key] ??= {})[entrypoint] = binding;
  }

  /** Null when the target has no such entrypoint. */
  bind(target: Target, entrypoint: string, own: Readonly<Record<string, unknown>>): string | null {
    if (!target.entrypoints.includes(entrypoint)) return null;
    const props = target.isPlain ? own : { ...own, ...this.#ours };
    const key = JSON.stringify([target.workload, entrypoint, props]);
    const known = this.#byKey.get(key);
    if (known !== undefined) return known;
    const binding = `${BINDINGS.endpointPrefix}${this.bindings.length}`;
    this.#byKey.set(key, binding);
    this.bindings.push({
      binding,
      workload: target.workload,
      entrypoint: entrypoint === "" ? (target.front ?? null) : entrypoint,
      ...(Object.keys(props).length > 0 ? { props } : {}),
    });
    return binding;
  }
}
