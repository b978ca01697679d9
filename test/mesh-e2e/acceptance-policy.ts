// The attacks of docs/threat-model.md that are held against routes, policy and bounds, by their numbers there.
import { expect } from "vitest";
import { send } from "../conformance/meshconf/wire.ts";
import { allow, verdictOf } from "./acceptance-cast.ts";
import { BARE, type Row } from "./acceptance-stage.ts";

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
    },
  ],
];
