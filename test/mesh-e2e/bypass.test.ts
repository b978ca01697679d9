// Kill switches: set by `heddle apply`, signed in the directory, visibly off, and shown in the lines of what they touch.
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { BYPASS_FEATURES, type Bypass } from "../../mesh/contract/table.ts";
import { importTableKey, openTable } from "../../mesh/identity/table.ts";
import { headerOf } from "../conformance/meshconf/answer.ts";
import { inParallel, type Mesh, startProject } from "./mesh.ts";
import { meshOf, serviceOf, splitOf } from "./project.ts";

let mesh: Mesh;
beforeAll(async () => {
  mesh = await startProject("bypass", [
    splitOf(50),
    serviceOf("flaky", {
      endpoints: [{ worker: "flaky" }, { worker: "echo-v1" }],
      balance: "p2c",
    }),
    serviceOf("vault", { bulkhead: { maxInFlight: 1 } }),
  ]);
}, 60_000);
afterAll(async () => await mesh?.close());
afterEach(async () => await setBypass([]));

async function setBypass(bypass: readonly Bypass[]): Promise<void> {
  expect(await mesh.apply([meshOf({ bypass })], "--wait")).toMatchObject({ code: 0 });
}

/** The directory of the published table, its signature checked. */
async function directory() {
  const headers = { authorization: `Bearer ${mesh.ready.token}` };
  const answer = await fetch(`${mesh.ready.control}/v1/table`, { headers });
  const key = await importTableKey(await mesh.control<JsonWebKey>("GET /v1/key"));
  const opened = await openTable(new Uint8Array(await answer.arrayBuffer()), key!, 0);
  if (!opened.ok) throw new Error(opened.reason);
  return opened.table.directory;
}

const front = async (path: string): Promise<[status: number, body: string]> => {
  const { status, body } = await mesh.ask({ caller: "front", path });
  return [status, body];
};

/** Lines that show a feature bypassed, since there were so many lines. */
const linesOf = (feature: string, from: number): readonly Record<string, unknown>[] =>
  mesh.said
    .slice(from)
    .filter((line) => line.includes('"bypassed":'))
    .map((line) => JSON.parse(line.slice(line.indexOf("{"))) as { bypassed: string[] })
    .filter(({ bypassed }) => bypassed.includes(feature));

let keys = 0;
/** Asks for what fails once, then answers: good only where it is tried again. The budget for that is earned first. */
async function failOnce(): Promise<[status: number, body: string]> {
  await inParallel(10, 1, () => front("/vault/"));
  return front(`/vault/flaky/once-${keys++}?fail=1`);
}

describe("a kill switch", { timeout: 60_000 }, () => {
  it("can be set for every feature there is, and is signed", async () => {
    const bypass = BYPASS_FEATURES.flatMap((feature) => [
      { feature },
      { feature, service: "default/echo" },
    ]);
    await setBypass(bypass);
    expect((await directory()).bypass).toEqual(bypass);
    expect(await front("/rpc/echo-methods/who?arg=")).toMatchObject([200, /echo-v/]);
  });

  it.each([
    ["authenticate", "rate-limit"],
    ["strip", "rate-limit"],
    ["replay", "rate-limit"],
    ["authorize", "rate-limit"],
    ["retries", 'Did you mean "retry"?'],
  ])("is refused for %s", async (feature, mend) => {
    const before = await directory();
    const { code, err } = await mesh.apply([meshOf({ bypass: [{ feature }] })]);
    expect(code).toBe(1);
    expect(err).toContain("spec.bypass[0].feature");
    expect(err).toContain(mend);
    expect((await directory()).version).toBe(before.version);
  });

  it("turns retries off, for one service or for all", async () => {
    expect(await failOnce()).toEqual([200, "vault"]);
    await setBypass([{ feature: "retry", service: "default/echo" }]);
    expect(await failOnce()).toEqual([200, "vault"]);
    const from = mesh.said.length;
    await setBypass([{ feature: "retry", service: "default/vault" }]);
    expect(await failOnce()).toEqual([503, "vault"]);
    expect(linesOf("retry", from)).toHaveLength(11);
    expect(linesOf("retry", from).at(-1)).toMatchObject({
      side: "outbound",
      destination: "default/vault",
      status: 503,
      attempts: 1,
      bypassed: ["retry"],
    });
    await setBypass([{ feature: "retry" }]);
    expect(await failOnce()).toEqual([503, "vault"]);
  });

  it("turns the bulkhead off", async () => {
    const burst = async (): Promise<readonly number[]> => {
      const [, body] = await front("/burst/5/vault/slow/50");
      return (JSON.parse(body) as [number, string][]).map(([status]) => status);
    };
    expect((await burst()).toSorted((a, b) => a - b)).toEqual([200, 503, 503, 503, 503]);
    const from = mesh.said.length;
    await setBypass([{ feature: "limit", service: "default/vault" }]);
    expect(await burst()).toEqual([200, 200, 200, 200, 200]);
    expect(linesOf("limit", from)).toHaveLength(5);
  });

  it("turns balancing off: endpoints take turns", async () => {
    const sequence = async (): Promise<string> => {
      const names = await inParallel(60, 1, async () => (await front("/flaky/"))[1]);
      return names.map((name) => (name === "flaky" ? "f" : "e")).join("");
    };
    expect(await sequence()).toMatch(/ff|ee/);
    const from = mesh.said.length;
    await setBypass([{ feature: "balance", service: "default/flaky" }]);
    expect(await sequence()).not.toMatch(/ff|ee/);
    expect(linesOf("balance", from)).toHaveLength(60);
  });

  it("turns cohorts off: no cookie is set, and none is heeded", async () => {
    const headers = { Cookie: "heddle-cohort=mine" };
    const versions = async (): Promise<number> => {
      const ask = () => mesh.ask({ caller: "front", path: "/echo/", headers });
      return new Set((await inParallel(60, 4, ask)).map(({ body }) => body)).size;
    };
    const cookie = async () =>
      headerOf(await mesh.ask({ caller: "front", path: "/echo/" }), "set-cookie");
    expect(await versions()).toBe(1);
    expect(await cookie()).toContain("heddle-cohort=");
    const from = mesh.said.length;
    await setBypass([{ feature: "cohort" }]);
    expect(await versions()).toBe(2);
    expect(await cookie()).toBeNull();
    expect(linesOf("cohort", from).length).toBeGreaterThanOrEqual(61);
  });
});
