// Owns which case files share one mesh, and which Workers that mesh has.
// A mesh is started once with the Workers of all its files; Services, Gateways and routes come and go per file.
import {
  type Caller,
  type Case,
  type CaseFile,
  isOperation,
  type Pairs,
  type Step,
} from "./case-file.ts";
import { dialOf } from "./dial.ts";

/** One echo backend. */
export interface PlannedWorkload {
  readonly namespace: string;
  readonly name: string;
  readonly labels: Pairs;
}

/** One caller: by dialled service, the binding that dials it. */
export interface PlannedCaller {
  readonly name: string;
  readonly namespace: string;
  readonly labels: Pairs;
  readonly bindings: ReadonlyMap<string, string>;
}

export interface MeshPlan {
  readonly files: readonly CaseFile[];
  readonly namespaces: ReadonlyMap<string, Pairs>;
  readonly workloads: readonly PlannedWorkload[];
  /** In the order of their host names `caller-N`. */
  readonly callers: readonly PlannedCaller[];
}

interface Draft {
  readonly files: CaseFile[];
  readonly namespaces: Map<string, Pairs>;
  readonly workloads: Map<string, PlannedWorkload>;
  readonly missing: Set<string>;
}

/** As few meshes as the files allow, each file in the first one that it does not contradict. */
export function planMeshes(files: readonly CaseFile[]): readonly MeshPlan[] {
  const drafts: Draft[] = [];
  for (const file of files) {
    const found = drafts.find((draft) => fits(draft, file));
    const draft = found ?? emptyDraft();
    if (found === undefined) drafts.push(draft);
    add(draft, file);
  }
  return drafts.map((draft) => ({
    files: draft.files,
    namespaces: draft.namespaces,
    workloads: [...draft.workloads.values()],
    callers: planCallers(draft.files),
  }));
}

/** The name of the caller's binding for a dialled service; an error when the plan has none. */
export function bindingFor(plan: MeshPlan, from: Caller, service: string): [host: number, string] {
  const index = plan.callers.findIndex((caller) => callerKey(caller) === callerKey(from));
  const binding = plan.callers[index]?.bindings.get(service);
  if (binding === undefined) throw new Error(`no caller ${callerKey(from)} that dials ${service}`);
  return [index, binding];
}

/** The Workers behind a service of a file, as `namespace/name`. */
export function workloadsOf(file: CaseFile): readonly PlannedWorkload[] {
  return file.backends.flatMap((backend) =>
    backend.workloads.map((one) => ({
      namespace: backend.namespace,
      name: one.workload,
      labels: one.labels ?? {},
    })),
  );
}

const emptyDraft = (): Draft => ({
  files: [],
  namespaces: new Map(),
  workloads: new Map(),
  missing: new Set(),
});

function fits(draft: Draft, file: CaseFile): boolean {
  const isSame = (known: Pairs | undefined, wanted: Pairs): boolean =>
    known === undefined || pairsKey(known) === pairsKey(wanted);
  return (
    Object.entries(file.namespaces).every(([name, labels]) =>
      isSame(draft.namespaces.get(name), labels),
    ) &&
    workloadsOf(file).every(
      (one) =>
        isSame(draft.workloads.get(keyOf(one))?.labels, one.labels) &&
        !draft.missing.has(keyOf(one)),
    ) &&
    file.missing.every((name) => !draft.workloads.has(name))
  );
}

function add(draft: Draft, file: CaseFile): void {
  draft.files.push(file);
  for (const [name, labels] of Object.entries(file.namespaces)) draft.namespaces.set(name, labels);
  for (const one of workloadsOf(file)) draft.workloads.set(keyOf(one), one);
  for (const name of file.missing) draft.missing.add(name);
}

function planCallers(files: readonly CaseFile[]): readonly PlannedCaller[] {
  const callers = new Map<string, { from: Caller; bindings: Map<string, string> }>();
  for (const file of files) {
    for (const one of file.steps.filter(isMeshCase)) {
      const from = one.via.mesh?.from ?? { namespace: "", labels: {} };
      const caller = callers.get(callerKey(from)) ?? { from, bindings: new Map() };
      callers.set(callerKey(from), caller);
      const { service } = dialOf(file, one);
      if (!caller.bindings.has(service)) caller.bindings.set(service, `TO_${caller.bindings.size}`);
    }
  }
  return [...callers.values()].map(({ from, bindings }, index) => ({
    name: `conformance-caller-${index}`,
    namespace: from.namespace,
    labels: from.labels,
    bindings,
  }));
}

const isMeshCase = (step: Step): step is Case => !isOperation(step) && step.via.mesh !== undefined;

const keyOf = (one: { namespace: string; name: string }): string => `${one.namespace}/${one.name}`;

const callerKey = (from: Caller): string => `${from.namespace} ${pairsKey(from.labels)}`;

const pairsKey = (pairs: Pairs): string =>
  JSON.stringify(Object.entries(pairs).toSorted(([a], [b]) => (a < b ? -1 : 1)));
