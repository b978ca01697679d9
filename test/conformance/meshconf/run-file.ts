// Owns one case file on a running mesh: make the mesh what the file wants, look at the status, ask the cases in order.
import type { DevMesh } from "../heddle.ts";
import type { CaseResult, FileResult, Verdict } from "../results.ts";
import type { Place } from "./ask.ts";
import {
  type CaseFile,
  isOperation,
  type Operation,
  type StatusRow,
  type Step,
} from "./case-file.ts";
import { deadline, said } from "./converge.ts";
import { changes, keyOf, type Manifest, manifestsOf, patched } from "./manifest.ts";
import { runCases } from "./run-case.ts";
import { compareRow, generations, type Observation, type Observed, titleOf } from "./status.ts";

/** A mesh between two files. */
export interface MeshState {
  readonly mesh: DevMesh;
  readonly place: Place;
  /** `namespace/gateway:port` to `host:port`; behind `place.listener`. */
  readonly addresses: Map<string, string>;
  readonly windowMs: number;
  /** What earlier files left applied. */
  current: readonly Manifest[];
  changedMs: number;
}

/** Runs one file; never rejects. */
export async function runFile(state: MeshState, file: CaseFile): Promise<FileResult> {
  const began = Date.now();
  const results = await runSteps(state, file);
  return {
    file: file.file,
    id: file.id,
    profile: file.profile,
    features: file.features,
    results,
    durationMs: Date.now() - began,
  };
}

async function runSteps(state: MeshState, file: CaseFile): Promise<readonly CaseResult[]> {
  try {
    await settle(state, manifestsOf(file));
    await readAddresses(state, file);
  } catch (error) {
    return allOf(file, "failed", said(error));
  }
  const results = [...(await runRows(state, file.status, new Map(), ""))];
  for (const segment of segmentsOf(file.steps)) {
    if (segment.operation !== null) {
      const done = await runOperation(state, file, segment.operation);
      results.push(...done.results);
      if (done.isBroken) break;
    }
    results.push(...(await runCases(state, file, segment.cases)));
  }
  return results;
}

/** Makes the mesh hold exactly these resources, and waits until the table with them is in use. */
async function settle(state: MeshState, wanted: readonly Manifest[]): Promise<void> {
  const { remove, apply } = changes(state.current, wanted);
  if (remove.length > 0) {
    await state.mesh.remove(remove, apply.length === 0);
    state.current = state.current.filter((one) => !remove.includes(one));
  }
  if (apply.length > 0) {
    await state.mesh.apply(apply);
    const keys = new Set(apply.map(keyOf));
    state.current = [...state.current.filter((one) => !keys.has(keyOf(one))), ...apply];
  }
  state.changedMs = Date.now();
}

/** The loopback address of each listener port that a case enters by; a port may open a moment after it is applied. */
async function readAddresses(state: MeshState, file: CaseFile): Promise<void> {
  const wanted = new Set(
    file.steps.flatMap((step) =>
      isOperation(step) || step.via.gateway === undefined
        ? []
        : [`${step.via.namespace}/${step.via.gateway}:${step.via.port}`],
    ),
  );
  if (wanted.size === 0) return;
  const end = Date.now() + 5000;
  for (;;) {
    const gateways = await list(state.mesh, "gateways");
    state.addresses.clear();
    for (const [key, address] of gateways.flatMap(addressesOf)) state.addresses.set(key, address);
    if ([...wanted].every((key) => state.addresses.has(key)) || Date.now() > end) return;
  }
}

function addressesOf({ metadata, status }: Observed): [key: string, address: string][] {
  return (status?.addresses ?? []).flatMap(({ value, listenerPort }) =>
    value === undefined ? [] : [[`${metadata.namespace}/${metadata.name}:${listenerPort}`, value]],
  );
}

async function list(mesh: DevMesh, kind: string): Promise<readonly Observed[]> {
  const answer = (await mesh.get(kind, "-A")) as { readonly items?: readonly Observed[] };
  return answer.items ?? [];
}

/** Looks until all rows hold or the time is over; one result per row. */
async function runRows(
  state: MeshState,
  rows: readonly StatusRow[],
  before: ReadonlyMap<string, number>,
  prefix: string,
): Promise<readonly CaseResult[]> {
  if (rows.length === 0) return [];
  let found: readonly (readonly string[])[] = [];
  const end = deadline(state.changedMs, Date.now(), state.windowMs);
  for (;;) {
    const observed = await observe(state, rows, before).catch(said);
    found = rows.map((row) =>
      typeof observed === "string" ? [observed] : compareRow(row, observed),
    );
    if (found.every((one) => one.length === 0) || Date.now() > end) break;
  }
  return rows.map((row, index) => {
    const detail = found[index] ?? [];
    const verdict = detail.length === 0 ? "passed" : "failed";
    return {
      id: `${prefix}status-${index + 1}`,
      title: titleOf(row),
      kind: "status",
      verdict,
      detail,
    };
  });
}

async function observe(
  state: MeshState,
  rows: readonly StatusRow[],
  before: ReadonlyMap<string, number>,
): Promise<Observation> {
  const hasGateways = rows.some((row) => row.gateway !== undefined);
  return {
    routes: await routesOf(state),
    gateways: hasGateways ? await list(state.mesh, "gateways") : [],
    before,
  };
}

/** Routes of every kind that is applied now. */
async function routesOf(state: MeshState): Promise<readonly Observed[]> {
  const kinds = new Set(
    state.current.map((one) => one.kind).filter((kind) => kind.endsWith("Route")),
  );
  const lists = await Promise.all([...kinds].map((kind) => list(state.mesh, kind)));
  return lists.flat();
}

interface Segment {
  readonly operation: Operation | null;
  readonly cases: Exclude<Step, Operation>[];
}

/** The steps cut at each operation. */
function segmentsOf(steps: readonly Step[]): readonly Segment[] {
  const segments: Segment[] = [{ operation: null, cases: [] }];
  for (const step of steps) {
    if (isOperation(step)) segments.push({ operation: step, cases: [] });
    else segments.at(-1)?.cases.push(step);
  }
  return segments;
}

async function runOperation(
  state: MeshState,
  file: CaseFile,
  operation: Operation,
): Promise<{ results: readonly CaseResult[]; isBroken: boolean }> {
  const title = `${operation.op} ${operation.kind} ${operation.namespace}/${operation.name}`;
  try {
    const before = generations(file, await routesOf(state));
    await settle(state, afterOperation(state.current, operation));
    const rows = operation.then_status ?? [];
    return { results: await runRows(state, rows, before, `${operation.op}-`), isBroken: false };
  } catch (error) {
    const detail = [said(error), "the cases behind it were not run"];
    const result: CaseResult = { id: operation.op, title, kind: "case", verdict: "failed", detail };
    return { results: [result], isBroken: true };
  }
}

function afterOperation(current: readonly Manifest[], operation: Operation): readonly Manifest[] {
  const isMeant = (one: Manifest): boolean =>
    keyOf(one) === `${operation.kind} ${operation.namespace}/${operation.name}`;
  if (!current.some(isMeant)) throw new Error("no such resource is applied");
  if (operation.op === "delete") return current.filter((one) => !isMeant(one));
  if (operation.op === "patch")
    return current.map((one) => (isMeant(one) ? patched(one, operation.set ?? {}) : one));
  throw new Error(`this runner does not know the operation ${operation.op}`);
}

/** The same verdict for every case and row of a file. */
function allOf(file: CaseFile, verdict: Verdict, why: string): readonly CaseResult[] {
  const rows = [
    ...file.status,
    ...file.steps.flatMap((step) => (isOperation(step) ? (step.then_status ?? []) : [])),
  ];
  return [
    ...rows.map((row, index): CaseResult => {
      const id = `status-${index + 1}`;
      return { id, title: titleOf(row), kind: "status", verdict, detail: [why] };
    }),
    ...file.steps.flatMap((step): CaseResult[] =>
      isOperation(step)
        ? []
        : [{ id: step.id, title: step.title, kind: "case", verdict, detail: [why] }],
    ),
  ];
}
