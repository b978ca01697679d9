// Owns the resources of the mesh and their history: batches whole or not at all, versions that only grow.
import type {
  ResourceWrite,
  StoredResource,
  WriteResult,
  WriteVerdict,
} from "../../mesh/contract/state.ts";
import type { Clock } from "../clock.ts";
import { type Row, type Sql, number, text } from "../sql.ts";
import { canonical } from "./canonical.ts";
import type { Counters } from "./counters.ts";

/** Entries of history kept; older ones are dropped as new ones come. */
const HISTORY_ENTRIES = 10_000;

type StatusWrite = Parameters<ResourceTable["writeStatuses"]>[0][number];

/** Table of resources. */
export interface ResourceTable {
  list(kind?: string, namespace?: string): StoredResource[];
  get(kind: string, namespace: string, name: string): StoredResource | null;
  write(writes: readonly ResourceWrite[], by: string, dryRun: boolean): WriteResult;
  writeStatuses(
    statuses: readonly {
      readonly kind: string;
      readonly namespace: string;
      readonly name: string;
      readonly generation: number;
      readonly status: Readonly<Record<string, unknown>>;
    }[],
  ): void;
}

/** What a write would do, decided before anything is done. */
interface Plan {
  readonly write: ResourceWrite;
  readonly before: StoredResource | null;
  readonly verdict: WriteVerdict;
}

export function createResourceTable(sql: Sql, counters: Counters, clock: Clock): ResourceTable {
  const get = (kind: string, namespace: string, name: string): StoredResource | null => {
    const [row] = sql.all(
      "SELECT * FROM resource WHERE kind = ? AND namespace = ? AND name = ?",
      kind,
      namespace,
      name,
    );
    return row ? toStored(row) : null;
  };
  return {
    get,
    list(kind, namespace) {
      const rows = sql.all(
        `SELECT * FROM resource WHERE (?1 IS NULL OR kind = ?1) AND (?2 IS NULL OR namespace = ?2)
         ORDER BY kind, namespace, name`,
        kind ?? null,
        namespace ?? null,
      );
      return rows.map(toStored);
    },
    write(writes, by, dryRun) {
      const plans = writes.map((write): Plan => {
        const before = get(write.kind, write.namespace, write.name);
        return { write, before, verdict: judge(write, before) };
      });
      const ok = plans.every(({ verdict }) => verdict !== "conflict");
      const results =
        ok && !dryRun
          ? sql.transaction(() => plans.map((plan) => carryOut(sql, counters, clock, by, plan)))
          : plans.map(({ before }) => before?.metadata.resourceVersion ?? "");
      return {
        ok,
        verdicts: plans.map(({ verdict }, index) => ({
          verdict,
          resourceVersion: results[index] ?? "",
        })),
        revision: counters.get("revision"),
      };
    },
    writeStatuses(statuses) {
      sql.transaction(() => {
        for (const status of statuses) writeStatus(sql, get, status);
      });
    },
  };
}

function judge(write: ResourceWrite, before: StoredResource | null): WriteVerdict {
  const { resourceVersion } = write;
  if (resourceVersion && resourceVersion !== before?.metadata.resourceVersion) return "conflict";
  if (write.op === "delete") return before ? "deleted" : "absent";
  if (!before) return "created";
  return isSame(write, before) ? "unchanged" : "configured";
}

const isSame = (write: ResourceWrite, before: StoredResource): boolean =>
  write.apiVersion === before.apiVersion &&
  canonical(write.spec ?? {}) === canonical(before.spec) &&
  canonical(write.labels ?? {}) === canonical(before.metadata.labels ?? {}) &&
  canonical(write.annotations ?? {}) === canonical(before.metadata.annotations ?? {});

/** Does what the plan says; answers the resource's version after it. */
function carryOut(
  sql: Sql,
  counters: Counters,
  clock: Clock,
  by: string,
  { write, before, verdict }: Plan,
): string {
  if (verdict === "unchanged" || verdict === "absent") {
    return before?.metadata.resourceVersion ?? "";
  }
  const version = counters.next("revision");
  const nowMs = clock.now();
  const isSameSpec = !before || canonical(write.spec ?? {}) === canonical(before.spec);
  const generation = (before?.metadata.generation ?? 1) + (isSameSpec ? 0 : 1);
  const entry = { version, nowMs, by, verdict, write, generation };
  if (verdict === "deleted") remove(sql, write);
  else put(sql, entry, clock.uuid());
  remember(sql, entry);
  return String(version);
}

/** One change as it is made. */
interface Entry {
  readonly version: number;
  readonly nowMs: number;
  readonly by: string;
  readonly verdict: WriteVerdict;
  readonly write: ResourceWrite;
  readonly generation: number;
}

const remove = (sql: Sql, { kind, namespace, name }: ResourceWrite): void => {
  sql.all(
    "DELETE FROM resource WHERE kind = ? AND namespace = ? AND name = ?",
    kind,
    namespace,
    name,
  );
};

/** What is there already keeps its uid and its age. */
function put(sql: Sql, { version, nowMs, write, generation }: Entry, uid: string): void {
  sql.all(
    `INSERT INTO resource
      (kind, namespace, name, api_version, uid, generation, resource_version, created_ms, labels, annotations, spec)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
     ON CONFLICT DO UPDATE SET api_version = excluded.api_version, generation = excluded.generation,
       resource_version = excluded.resource_version, labels = excluded.labels,
       annotations = excluded.annotations, spec = excluded.spec`,
    write.kind,
    write.namespace,
    write.name,
    write.apiVersion,
    uid,
    generation,
    version,
    nowMs,
    write.labels ? canonical(write.labels) : null,
    write.annotations ? canonical(write.annotations) : null,
    canonical(write.spec ?? {}),
  );
}

function remember(sql: Sql, { version, nowMs, by, verdict, write, generation }: Entry): void {
  sql.all(
    "INSERT INTO history VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
    version,
    nowMs,
    by,
    verdict,
    write.kind,
    write.namespace,
    write.name,
    generation,
    write.op === "put" ? canonical(write.spec ?? {}) : null,
  );
  sql.all("DELETE FROM history WHERE resource_version <= ?", version - HISTORY_ENTRIES);
}

function writeStatus(sql: Sql, get: ResourceTable["get"], given: StatusWrite): void {
  const { kind, namespace, name, generation } = given;
  const before = get(kind, namespace, name);
  if (before?.metadata.generation !== generation) return;
  const status = canonical({ ...before.status, ...given.status });
  if (status === canonical(before.status ?? {})) return;
  sql.all(
    "UPDATE resource SET status = ? WHERE kind = ? AND namespace = ? AND name = ?",
    status,
    kind,
    namespace,
    name,
  );
}

function toStored(row: Row): StoredResource {
  const [labels, annotations, status] = ["labels", "annotations", "status"].map((column) =>
    text(row, column),
  );
  return {
    apiVersion: text(row, "api_version"),
    kind: text(row, "kind"),
    metadata: {
      name: text(row, "name"),
      namespace: text(row, "namespace"),
      ...(labels ? { labels: JSON.parse(labels) as Record<string, string> } : {}),
      ...(annotations ? { annotations: JSON.parse(annotations) as Record<string, string> } : {}),
      generation: number(row, "generation"),
      resourceVersion: String(number(row, "resource_version")),
      creationTimestamp: new Date(number(row, "created_ms")).toISOString(),
      uid: text(row, "uid"),
    },
    spec: JSON.parse(text(row, "spec")) as Record<string, unknown>,
    ...(status ? { status: JSON.parse(status) as Record<string, unknown> } : {}),
  };
}
