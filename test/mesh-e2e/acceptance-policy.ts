// The attacks of docs/threat-model.md that are held against routes, policy and bounds, by their numbers there.
import { expect } from "vitest";
import { LOG_FIELDS } from "../../mesh/contract/telemetry.ts";
import { send } from "../conformance/meshconf/wire.ts";
import { allow, verdictOf } from "./acceptance-cast.ts";
import { BARE, type Row, type Stage } from "./acceptance-stage.ts";

export const AGAINST_POLICY: readonly Row[] = [
  [
    25,
    "headers that steer versions or routes from outside",
    async (stage) => {
      const headers = {
        "x-mesh-route": "v2",
        "x-heddle-route": "echo-v2",
        "heddle-endpoint": "default/echo-v2",
        "cloudflare-workers-version-overrides": 'echo-v1="x"',
      };
      const { status, body } = await stage.mesh.ask({
        caller: "front",
        path: "/echo/seen/x",
        headers,
      });
      expect({ status, seen: JSON.parse(body) as object }).toMatchObject({
        status: 200,
        seen: { name: "echo-v1" },
      });
      expect(body).not.toMatch(/x-heddle-route|heddle-endpoint|version-overrides/);
    },
  ],

  [
    26,
    "an escaped letter in a denied path",
    async (stage) => {
      const paths = ["/vault/seen/%61dmin", "/vault/seen/admin", "/vault/seen/%61%64min/x"];
      await stage.expectVerdicts(
        "vault",
        paths.map((path) => stage.asked({ path })),
        "403 denied",
      );
    },
  ],

  [
    27,
    "two slashes where policy speaks of paths",
    async (stage) => {
      const paths = ["/vault//seen/admin", "/vault/seen//admin", "/vault/seen/x/..%2fadmin"];
      await stage.expectVerdicts(
        "vault",
        paths.map((path) => stage.asked({ path })),
        "400 ambiguous_path",
      );
    },
  ],

  [
    28,
    "a semicolon in such a path",
    async (stage) => {
      const all = ["/vault/seen/admin;a=1", "/vault/seen/x%3ba"].map((path) =>
        stage.asked({ path }),
      );
      await stage.expectVerdicts("vault", all, "400 ambiguous_path");
    },
  ],

  [
    29,
    "a host in another spelling",
    async (stage) => {
      const at = (host: string) => stage.asked({ path: "/secret", headers: { Host: host } });
      const hosts = ["front.test", "FRONT.test", "front.test:80", "Front.Test:80"];
      await stage.expectVerdicts("front", hosts.map(at), "403 denied");
    },
  ],

  [
    30,
    "a header sent twice",
    async (stage) => {
      const twice =
        (...roles: readonly string[]) =>
        async () => {
          const headers = roles.map((role): [string, string] => ["x-role", role]);
          const address = new URL(stage.mesh.ready.gateway).host;
          const { status, body } = await send({
            address,
            method: "GET",
            target: "/vault/seen/x",
            headers: [["Host", "front.test"], ...headers],
          });
          return verdictOf({ status, text: body });
        };
      const all = [twice("root"), twice("user", "root"), twice("root", "user")];
      await stage.expectVerdicts("vault", all, "403 denied");
      await stage.expectVerdicts("vault", [twice("user", "clerk")], "200", 1);
    },
  ],

  [
    31,
    "ALLOW and DENY both hold",
    async (stage) => {
      await stage.apply(allow("admins", ["vault"], ["default/front"], { paths: ["/seen/admin"] }));
      await stage.expectVerdicts(
        "vault",
        [stage.asked({ path: "/vault/seen/admin" })],
        "403 denied",
      );
    },
  ],

  [
    32,
    "no policy, under default deny",
    async (stage) => {
      const envelope = await stage.thief.session("default/echo-v2");
      const call = {
        act: "fetch",
        to: "default/echo-v2",
        url: "http://x/",
        headers: { heddle: envelope },
      };
      await stage.expectVerdicts("echo-v2", [stage.raw(call)], "403 default_deny");
    },
  ],

  [
    33,
    "an RPC method that no policy names, pipelined or not",
    async (stage) => {
      const rpc = (path: string) => async () => {
        const { body } = await stage.mesh.ask({
          caller: "front",
          path: `/rpc/echo-methods/${path}`,
        });
        const said = JSON.parse(body) as { value?: string; error?: { reason?: string } };
        return said.error?.reason ?? said.value ?? "";
      };
      const all = ["slow?arg=1", "missing?arg=", "open?arg=", "open/charge?arg=1"];
      await stage.expectVerdicts("echo-v1", all.map(rpc), "not_allowed");
      expect(await rpc("who?arg=")()).toBe("echo-v1");
    },
  ],

  [
    34,
    "64 KiB where a proof, token or path is read",
    async (stage) => {
      const long = "x".repeat(65_536);
      const heddle = `1~x|1~r~${long}`;
      await stage.expectVerdicts(
        "vault",
        [stage.raw({ ...BARE, headers: { heddle } })],
        "400 malformed",
      );
      const before = await stage.runsOf("vault");
      const outside = [
        { path: "/vault/seen/x", headers: { "workload-identity-token": `${long}.b.c` } },
        { path: `/vault/seen/${long}` },
      ];
      for (const question of outside)
        expect(await stage.asked(question)()).toMatch(/^(?:400|401|413|414|431) /);
      expect(await stage.runsOf("vault")).toBe(before);
    },
  ],

  [
    35,
    "line breaks and control characters in what is logged",
    async (stage) => {
      const from = stage.mesh.said.length;
      const forged = '{"side":"forged"}';
      const path = `/vault/seen/%0d%0a${encodeURIComponent(forged)}%1b%5b31m`;
      const headers = { "user-agent": `a","side":"forged` };
      await stage.expectVerdicts("vault", [stage.asked({ path, headers })], "400 ambiguous_path");
      const lines = stage.mesh.said.slice(from).filter((line) => line.includes('"side"'));
      const sides = lines.map(
        (line) => (JSON.parse(line.slice(line.indexOf("{"))) as { side: string }).side,
      );
      expect(sides.length).toBeGreaterThan(0);
      expect(sides.filter((side) => !["edge", "inbound", "outbound"].includes(side))).toEqual([]);
      await expectNoNewSeries(stage);
    },
  ],
];

/** 100 requests that differ in hostile paths and user agents: a line of the log each, and no series of their own. */
async function expectNoNewSeries(stage: Stage): Promise<void> {
  const from = stage.mesh.said.length;
  let sent = 0;
  const send = async (count: number): Promise<void> => {
    for (const end = sent + count; sent < end; sent++) {
      const { path, headers, verdict } = hostile(sent);
      expect(await stage.asked({ path, headers })()).toBe(verdict);
    }
  };
  /** The series there are once so many more calls are counted by all who saw them: isolates tell as calls go on. */
  const counted = async (calls: number): Promise<readonly string[]> => {
    const before = totalsOf(await metricsOf(stage));
    await send(calls);
    const isTold = async (): Promise<boolean> => {
      await send(HOSTILE.length);
      const totals = totalsOf(await metricsOf(stage));
      return totals.every(
        (total, at) => total - (before[at] ?? 0) >= Math.floor(calls / HOSTILE.length),
      );
    };
    await expect.poll(isTold, { timeout: 20_000, interval: 500 }).toBe(true);
    return (await metricsOf(stage)).map(([series]) => series).toSorted();
  };
  const known = await counted(HOSTILE.length);
  expect(await counted(100)).toEqual(known);

  const lines = (): readonly string[] =>
    stage.mesh.said.slice(from).filter((line) => line.includes('"side":'));
  const toldBy = (side: string, reason: string): number =>
    lines().filter((line) => line.includes(`"side":"${side}"`) && line.includes(`"${reason}"`))
      .length;
  // What is refused has a line wherever it is seen; all else is logged by chance.
  const each = sent / HOSTILE.length;
  const refused = () => [toldBy("edge", "ambiguous_path"), toldBy("inbound", "not_allowed")];
  await expect.poll(refused).toEqual([Math.ceil(each), Math.floor(each)]);
  for (const line of lines()) {
    expect(["\r", "\n", "\u2028", "\u001b"].filter((one) => line.includes(one))).toEqual([]);
    const names = Object.keys(JSON.parse(line.slice(line.indexOf("{"))) as object);
    expect(names.filter((name) => !FIELDS.includes(name))).toEqual([]);
  }
}

const FIELDS: readonly string[] = Object.values(LOG_FIELDS);
/** Refused for its spelling, let through to the application, not allowed there. */
const HOSTILE = [
  ["/vault/seen/", "400 ambiguous_path"],
  ["/vault/seen/'heddle(*=", "200"],
  ["/vault/'heddle(*=", "403 not_allowed"],
] as const;

function hostile(index: number) {
  const [at, verdict] = HOSTILE[index % HOSTILE.length] ?? ["", ""];
  const encoded = encodeURIComponent(`\r\n"} heddle_forged{x="${index}"} 1\u2028\u001b[3${index}m`);
  const path = at.endsWith("/") ? at + encoded : at + index;
  return { path, verdict, headers: { "user-agent": `x"} heddle_forged{y="${index}"} 1\t\\n` } };
}

/** Who counts which of them. */
const COUNTED = [
  ['requests_total{source="heddle/gateway"', 'outcome="ambiguous_path"'],
  ['requests_total{source="heddle/gateway"', 'destination="default/front"', 'outcome="ok"'],
  ['requests_total{source="default/front",destination="default/vault"', 'outcome="ok"'],
  ['refusals_total{source="default/front",destination="default/vault"', 'side="outbound"'],
  ['refusals_total{source="default/front",destination="default/vault"', 'side="inbound"'],
];

type Sample = readonly [series: string, value: number];

const totalsOf = (samples: readonly Sample[]): readonly number[] =>
  COUNTED.map((parts) =>
    samples
      .filter(([series]) => parts.every((part) => series.includes(part)))
      .reduce((total, [, value]) => total + value, 0),
  );

/** What `/metrics` tells. */
async function metricsOf({ mesh }: Stage): Promise<readonly Sample[]> {
  const headers = { authorization: `Bearer ${mesh.ready.token}` };
  const text = await (await fetch(`${mesh.ready.control}/metrics`, { headers })).text();
  const lines = text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  return lines.map((line): Sample => {
    const cut = line.lastIndexOf(" ");
    return [line.slice(0, cut), Number(line.slice(cut + 1))];
  });
}
