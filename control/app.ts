// Owns the routes of control's API, and nothing else.
import { type Context, Hono } from "hono";
import { OPERATIONS, type Operation } from "./api.ts";
import { listCircuits, steer } from "./breaker/steer.ts";
import { type Control, type ControlEnv, createControl } from "./control.ts";
import { memory } from "./issue/shared-memory.ts";
import { refreshKeys } from "./jwks/refresh.ts";
import { weaveAnswer } from "./issue/weave.ts";
import { applyDocuments, change } from "./pipeline.ts";
import type { WriteAnswer } from "../mesh/contract/api.ts";
import { type Outcome, done, failed, problem, toResponse } from "./problem.ts";
import { resign } from "./publish/resign.ts";
import { reportError } from "./report.ts";
import { getResource, listResources, toDeletions } from "./resources/resources.ts";
import { listWorkloads, toRegistrations } from "./resources/workloads.ts";
import { named, revoke } from "./issue/revoke.ts";
import { writeAddresses } from "./status/addresses.ts";
import { readConvergence } from "./status/read-convergence.ts";
import { METRICS_TYPE, readMetrics } from "./telemetry/metrics.ts";
import { readStat } from "./telemetry/read.ts";
import {
  addToken,
  inspectIdentity,
  listTokens,
  readAudit,
  readIdentity,
  removeToken,
  trustBundle,
} from "./access/answers.ts";
import { type Who, guardedFrom, mayAs, whoSends } from "./access/who.ts";
import { carriesToken } from "./token.ts";
import { refreshTrust } from "./trust/refresh.ts";
import { readBody } from "./validate/body.ts";
import { VERSION } from "./version.ts";

interface AppEnv {
  readonly Bindings: ControlEnv;
  readonly Variables: { control: Control; who: Who; subject: string };
}
type Ctx = Context<AppEnv>;

/** Control's API. */
export const app = new Hono<AppEnv>();

app.use(async (c, next) => {
  c.set("control", createControl(c.env, c.executionCtx));
  await next();
});
app.use("/v1/*", async (c, next) => {
  const token = c.env.HEDDLE_TOKEN;
  if (!token) return toResponse(problem("unavailable", "The secret HEDDLE_TOKEN is not set."));
  const who = await whoSends(c.req.raw, token, c.var.control.store);
  if (who === null) return toResponse(problem("unauthorized"));
  c.set("who", who);
  c.set("control", { ...c.var.control, by: who.name });
  return next();
});
app.use("/metrics", async (c, next) => {
  const { HEDDLE_TOKEN: root, HEDDLE_SCRAPE_TOKEN: scrape } = c.env;
  const { raw } = c.req;
  const isScraper = scrape ? await carriesToken(raw, scrape) : false;
  const isKnown = isScraper || (root && (await whoSends(raw, root, c.var.control.store)) !== null);
  return isKnown ? next() : toResponse(problem("unauthorized"));
});
app.notFound((c) => toResponse(problem("not_found", `There is no ${c.req.method} ${c.req.path}.`)));
app.onError(async (error, c) => {
  await reportError(error, c.req.raw, c.env.SENTRY_DSN, c.executionCtx);
  const isInside = c.req.path.startsWith("/v1/") || c.req.path === "/metrics";
  return toResponse(problem("unavailable", isInside ? error.message : undefined));
});

const on = (operation: Operation, handle: (c: Ctx) => Promise<Response>): void => {
  const { method, path, open } = operation;
  const isOpen = open === true || path === OPERATIONS.metrics.path;
  app.on(method, path, isOpen ? handle : guarded(operation, handle));
};

/** Asks the token's role first; whatever is no plain reading is told in the audit trail, refused or not. */
const guarded =
  (
    { method, role = method === "get" ? "read" : "operate" }: Operation,
    handle: (c: Ctx) => Promise<Response>,
  ) =>
  async (c: Ctx): Promise<Response> => {
    const { who, control } = c.var;
    const isAllowed = mayAs(who.role, role);
    const response = isAllowed
      ? await handle(c)
      : toResponse(problem("forbidden", `It is of role ${who.role}; this takes ${role}.`));
    if (method !== "get" || role !== "read") {
      const action = `${c.req.method} ${c.req.path}`;
      const subject = c.get("subject") ?? "";
      await control.store.audit({ by: who.name, action, status: response.status, subject });
    }
    return response;
  };

/** Refuses kinds that only `admin` changes; null where none is among them. */
function forbidden(c: Ctx, kinds: readonly unknown[]): Response | null {
  const found = guardedFrom(c.var.who.role, kinds);
  if (found.length === 0) return null;
  return toResponse(problem("forbidden", `Only role admin changes ${found.join(", ")}.`));
}
const answer = <T extends object>(outcome: Outcome<T>): Response =>
  outcome.ok ? Response.json(outcome.value) : toResponse(outcome.problem);

on(OPERATIONS.live, async () => new Response("ok\n"));
on(OPERATIONS.ready, async (c) => {
  const { store, issuer } = c.var.control;
  await Promise.all([store.publishedVersion(), issuer.tableKey()]);
  return new Response("ok\n");
});
on(OPERATIONS.version, async (c) => {
  const [table, mesh] = await Promise.all([
    c.var.control.store.publishedVersion(),
    c.var.control.store.list("Mesh"),
  ]);
  return Response.json({ version: VERSION, mesh: mesh[0]?.metadata.name ?? "", table });
});

on(OPERATIONS.listResources, async (c) =>
  answer(await listResources(c.var.control, c.req.query("kind"), c.req.query("namespace"))),
);
on(OPERATIONS.getResource, async (c) => {
  const { kind = "", namespace = "", name = "" } = c.req.param();
  return answer(await getResource(c.var.control, { kind, namespace, name }));
});

on(OPERATIONS.apply, async (c) => {
  const body = await readBody(c.req.raw, OPERATIONS.apply.body);
  if (!body.ok) return answer(body);
  const { documents, dryRun } = body.value;
  const kinds = documents.map((one) => (one as { readonly kind?: unknown } | null)?.kind);
  c.set(
    "subject",
    `${dryRun ? "dry run of " : ""}${kinds.length} documents: ${namesOf(documents)}`,
  );
  const refusal = forbidden(c, kinds);
  if (refusal) return refusal;
  const outcome = await applyDocuments(c.var.control, documents, dryRun);
  return answer(remembered(c, await withKeys(c.var.control, outcome)));
});
on(OPERATIONS.delete, async (c) => {
  const body = await readBody(c.req.raw, OPERATIONS.delete.body);
  if (!body.ok) return answer(body);
  const writes = toDeletions(body.value.refs);
  if (!writes.ok) return answer(writes);
  const refs = writes.value.map(({ kind, namespace, name }) => `${kind} ${namespace}/${name}`);
  c.set("subject", refs.join(", "));
  const refusal = forbidden(
    c,
    writes.value.map(({ kind }) => kind),
  );
  if (refusal) return refusal;
  return answer(remembered(c, await change(c.var.control, writes.value, false)));
});

/** Keys that what was applied names by URL are asked for before the answer, whose table then carries them. */
async function withKeys(
  control: Control,
  outcome: Outcome<WriteAnswer>,
): Promise<Outcome<WriteAnswer>> {
  if (!outcome.ok || outcome.value.version === null) return outcome;
  let { version, warnings } = outcome.value;
  const { results } = outcome.value;
  const ofKind = (wanted: string) => results.filter(({ kind }) => kind === wanted);
  const domains = ofKind("TrustDomain").map(({ name }) => name);
  const users = ofKind("RequestAuthentication").map(
    ({ namespace, name }) => `${namespace}/${name}`,
  );
  for (const [names, refresh] of [
    [domains, refreshTrust] as const,
    [users, refreshKeys] as const,
  ]) {
    const made = names.length > 0 ? await refresh(control, names) : null;
    version = made?.version ?? version;
    warnings = [...warnings, ...(made?.warnings ?? [])];
  }
  return done({ ...outcome.value, version, warnings });
}

/** What documents name, as far as they do. */
const namesOf = (documents: readonly unknown[]): string =>
  documents
    .map((one) => {
      const { kind, metadata } = (one ?? {}) as { kind?: unknown; metadata?: { name?: unknown } };
      return `${String(kind)} ${String(metadata?.name)}`;
    })
    .join(", ");

const register = (isAll: boolean) => async (c: Ctx) => {
  const body = await readBody(c.req.raw, OPERATIONS.putWorkloads.body);
  if (!body.ok) return answer(body);
  const writes = await toRegistrations(c.var.control, body.value.workloads, isAll);
  return answer(remembered(c, await change(c.var.control, writes, false)));
};
on(OPERATIONS.putWorkloads, register(true));
on(OPERATIONS.addWorkloads, register(false));
on(OPERATIONS.listWorkloads, async (c) =>
  Response.json({ workloads: await listWorkloads(c.var.control) }),
);
on(OPERATIONS.putAddresses, async (c) => {
  const body = await readBody(c.req.raw, OPERATIONS.putAddresses.body);
  if (!body.ok) return answer(body);
  const { gateways } = body.value;
  return Response.json({
    gateways: gateways.length,
    missing: await writeAddresses(c.var.control, gateways),
  });
});

on(OPERATIONS.stat, async (c) => {
  const [service, window] = [c.req.query("service"), c.req.query("window")];
  return answer(await readStat(c.var.control, { service, window }));
});
on(OPERATIONS.metrics, async (c) => {
  const text = await readMetrics(c.var.control);
  return new Response(text, { headers: { "content-type": METRICS_TYPE } });
});
on(OPERATIONS.convergence, async (c) =>
  answer(await readConvergence(c.var.control, c.req.query("version"))),
);
on(OPERATIONS.listBreakers, async (c) =>
  Response.json({ circuits: await listCircuits(c.var.control) }),
);
on(OPERATIONS.steerBreakers, async (c) => {
  const body = await readBody(c.req.raw, OPERATIONS.steerBreakers.body);
  return answer(body.ok ? await steer(c.var.control, body.value) : body);
});
on(OPERATIONS.weave, async (c) => {
  const { namespace = "", name = "" } = c.req.param();
  return Response.json(await weaveAnswer(memory, c.var.control, `${namespace}/${name}`));
});
on(OPERATIONS.table, async (c) => {
  const table = await c.var.control.store.table(0);
  if (!table) return answer(failed(problem("not_found", "Nothing was published yet.")));
  return new Response(new Uint8Array(table.bytes), {
    headers: { "content-type": "application/octet-stream", "heddle-version": `${table.version}` },
  });
});
on(OPERATIONS.key, async (c) => Response.json(await c.var.control.issuer.tableKey()));
on(OPERATIONS.revoke, async (c) => {
  const body = await readBody(c.req.raw, OPERATIONS.revoke.body);
  if (!body.ok) return answer(body);
  const revocation = await named(memory, c.var.control, body.value);
  if (!revocation.ok) return answer(revocation);
  c.set("subject", `${revocation.value.kind} ${revocation.value.value}`);
  const revocations = await revoke(c.var.control, revocation.value);
  await renewTable(c);
  c.var.control.waitUntil(memory.refresh(c.var.control).catch(() => undefined));
  return Response.json({ revocations });
});

on(OPERATIONS.rotate, async (c) => {
  const body = await readBody(c.req.raw, OPERATIONS.rotate.body);
  if (!body.ok) return answer(body);
  const { purpose, now } = body.value;
  const kid = await c.var.control.issuer.rotate(purpose, now);
  c.set("subject", `${purpose} ${kid}`);
  await renewTable(c);
  return Response.json({ purpose, kid });
});
on(OPERATIONS.identity, async (c) => Response.json(await readIdentity(memory, c.var.control)));
on(OPERATIONS.inspectIdentity, async (c) => {
  const { namespace = "", name = "" } = c.req.param();
  return Response.json(await inspectIdentity(memory, c.var.control, `${namespace}/${name}`));
});
on(OPERATIONS.bundle, async (c) => Response.json(await trustBundle(c.var.control)));
on(OPERATIONS.listTokens, async (c) => Response.json(await listTokens(c.var.control)));
on(OPERATIONS.addToken, async (c) => {
  const body = await readBody(c.req.raw, OPERATIONS.addToken.body);
  if (!body.ok) return answer(body);
  c.set("subject", `${body.value.role} ${body.value.name}`);
  return answer(await addToken(c.var.control, body.value, c.var.who.name));
});
on(OPERATIONS.removeToken, async (c) => {
  const { name = "" } = c.req.param();
  return answer(await removeToken(c.var.control, name));
});
on(OPERATIONS.audit, async (c) =>
  Response.json(await readAudit(c.var.control, c.req.query("limit"), c.req.query("before"))),
);

/** Where another key signs tables now, the table says so at once: who is woven anew is told that key. */
async function renewTable(c: Ctx): Promise<void> {
  remembered(c, await resign(memory, c.var.control));
}

/** After a change this isolate's own memory is renewed, so that whoever asks next gets the new table. */
function remembered<T>(c: Ctx, outcome: Outcome<T>): Outcome<T> {
  if (outcome.ok) c.var.control.waitUntil(memory.refresh(c.var.control).catch(() => undefined));
  return outcome;
}
