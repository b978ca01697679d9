// Owns the routes of control's API, and nothing else.
import { type Context, Hono } from "hono";
import { OPERATIONS, type Operation } from "./api.ts";
import { type Control, type ControlEnv, createControl } from "./control.ts";
import { memory } from "./issue/shared-memory.ts";
import { weaveAnswer } from "./issue/weave.ts";
import { applyDocuments, change } from "./pipeline.ts";
import { type Outcome, failed, problem, toResponse } from "./problem.ts";
import { reportError } from "./report.ts";
import { getResource, listResources, toDeletions } from "./resources/resources.ts";
import { listWorkloads, toRegistrations } from "./resources/workloads.ts";
import { revoke } from "./issue/revoke.ts";
import { writeAddresses } from "./status/addresses.ts";
import { readConvergence } from "./status/read-convergence.ts";
import { carriesToken } from "./token.ts";
import { readBody } from "./validate/body.ts";
import { VERSION } from "./version.ts";

interface AppEnv {
  readonly Bindings: ControlEnv;
  readonly Variables: { control: Control };
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
  if (!(await carriesToken(c.req.raw, token))) return toResponse(problem("unauthorized"));
  return next();
});
app.notFound((c) => toResponse(problem("not_found", `There is no ${c.req.method} ${c.req.path}.`)));
app.onError(async (error, c) => {
  await reportError(error, c.req.raw, c.env.SENTRY_DSN, c.executionCtx);
  const isInside = c.req.path.startsWith("/v1/");
  return toResponse(problem("unavailable", isInside ? error.message : undefined));
});

const on = ({ method, path }: Operation, handle: (c: Ctx) => Promise<Response>): void => {
  app.on(method, path, handle);
};
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
  return answer(remembered(c, await applyDocuments(c.var.control, documents, dryRun)));
});
on(OPERATIONS.delete, async (c) => {
  const body = await readBody(c.req.raw, OPERATIONS.delete.body);
  if (!body.ok) return answer(body);
  const writes = toDeletions(body.value.refs);
  if (!writes.ok) return answer(writes);
  return answer(remembered(c, await change(c.var.control, writes.value, false)));
});

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

on(OPERATIONS.convergence, async (c) =>
  answer(await readConvergence(c.var.control, c.req.query("version"))),
);
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
  const revocations = await revoke(c.var.control, body.value);
  c.var.control.waitUntil(memory.refresh(c.var.control).catch(() => undefined));
  return Response.json({ revocations });
});

/** After a change this isolate's own memory is renewed, so that whoever asks next gets the new table. */
function remembered<T>(c: Ctx, outcome: Outcome<T>): Outcome<T> {
  if (outcome.ok) c.var.control.waitUntil(memory.refresh(c.var.control).catch(() => undefined));
  return outcome;
}
