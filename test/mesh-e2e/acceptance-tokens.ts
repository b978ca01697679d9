// The attacks of docs/threat-model.md that are made with tokens and keys, by their numbers there.
import { createServer } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { expect } from "vitest";
import { trustDomain } from "./acceptance-cast.ts";
import type { Row } from "./acceptance-stage.ts";
import { paced } from "./mesh.ts";

export const WITH_TOKENS: readonly Row[] = [
  [
    15,
    "a token of algorithm none",
    async (stage) => {
      const none = (token: string): string => {
        const header = Buffer.from('{"alg":"none","kid":"p1","typ":"wit+jwt"}').toString(
          "base64url",
        );
        return `${header}.${token.split(".")[1]}.`;
      };
      await stage.expectVerdicts(
        "vault",
        [() => stage.fromPartner({}, {}, none)],
        "401 unauthenticated",
      );
    },
  ],

  [
    16,
    "a token without end",
    async (stage) => {
      const endless = () => stage.fromPartner({ exp: undefined });
      await stage.expectVerdicts("vault", [endless], "401 unauthenticated");
      await stage.expectVerdicts("vault", [() => stage.fromPartner()], "200", 1);
    },
  ],

  [
    17,
    "a token of another type, or for somebody else",
    async (stage) => {
      const typed = (typ: string) => () => stage.fromPartner({ aud: "vault" }, { typ });
      await stage.expectVerdicts("vault", [typed("JWT"), typed("at+jwt")], "401 unauthenticated");
      await stage.expectVerdicts(
        "vault",
        [() => stage.fromPartner({ aud: "vault" })],
        "401 unauthenticated",
      );
    },
  ],

  [
    18,
    "a key that signs for another trust domain",
    async (stage) => {
      const subjects = [
        "spiffe://e2e.example/ns/default/sa/front",
        "spiffe://prod.example/ns/pay/sa/x",
      ];
      const all = subjects.map((sub) => () => stage.fromPartner({ sub }));
      await stage.expectVerdicts("vault", all, "401 unauthenticated");
    },
  ],

  [
    19,
    "a SPIFFE id spelt another way",
    async (stage) => {
      const paths = [
        "ns/%70ay/sa/till",
        "ns/pay/../pay/sa/till",
        "ns//pay/sa/till",
        "ns/pay/sa/till/",
      ];
      const subjects = [
        ...paths.map((at) => `spiffe://partner.example/${at}`),
        "SPIFFE://partner.example/ns/pay/sa/till",
        "spiffe://Partner.example/ns/pay/sa/till",
        "spiffe://partner.example:443/ns/pay/sa/till",
      ];
      const all = subjects.map((sub) => () => stage.fromPartner({ sub }));
      await stage.expectVerdicts("vault", all, "401 unauthenticated");
    },
  ],

  [
    20,
    "a namespace whose name begins like an allowed one",
    async (stage) => {
      const names = ["payroll/sa/x", "pay-attacker/sa/x", "pa/sa/x", "Pay/sa/till"];
      const all = names.map(
        (at) => () => stage.fromPartner({ sub: `spiffe://partner.example/ns/${at}` }),
      );
      await stage.expectVerdicts("vault", all, "403 not_allowed");
    },
  ],

  [
    21,
    "a token that says where its key is",
    async (stage) => {
      const asks: string[] = [];
      const server = createServer((request, response) => {
        asks.push(request.url ?? "");
        response.end(JSON.stringify({ keys: [stage.partner.key] }));
      });
      server.listen(0, "127.0.0.1");
      await once(server, "listening");
      const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/keys`;
      const jwk = stage.partner.key;
      const headers = [
        { jku: url, kid: "p2" },
        { jku: url },
        { x5u: url, kid: "p2" },
        { jwk, kid: "p2" },
      ];
      for (const header of headers.filter(({ kid }) => kid === "p2"))
        await stage.expectVerdicts(
          "vault",
          [() => stage.fromPartner({}, header)],
          "401 unauthenticated",
        );
      await stage.fromPartner({}, { jku: url });
      server.close();
      expect(asks).toEqual([]);
    },
  ],

  [
    22,
    "keys that cannot be had",
    async (stage) => {
      await stage.apply(trustDomain("gone", { url: "http://127.0.0.1:9/bundle.json" }));
      const sub = "spiffe://gone.example/ns/pay/sa/till";
      await stage.mesh.fault("isolate:default/vault", "restart");
      await stage.expectVerdicts(
        "vault",
        [() => stage.fromPartner({ sub })],
        "401 unauthenticated",
      );
    },
  ],

  [
    23,
    "keys rotate under 200 calls a second",
    async (stage) => {
      const calls = paced(400, 2000, stage.asked({ path: "/vault/seen/x" }));
      for (const purpose of ["token", "seed", "table"])
        await stage.mesh.control("POST /v1/identity/rotate", { purpose, now: true });
      expect(new Set(await calls)).toEqual(new Set(["200"]));
    },
  ],

  [
    24,
    "an identity token in a header from outside that proves nothing",
    async (stage) => {
      const path = "/vault/seen/x";
      const bare = { path, headers: { "workload-identity-token": "a.b.c" } };
      await stage.expectVerdicts("vault", [stage.asked(bare)], "401 unauthenticated");
      const names = ["workload_identity_token", "workload-proof-token", "txn-token"];
      const { body } = await stage.mesh.ask({
        caller: "front",
        path,
        headers: Object.fromEntries(names.map((name) => [name, "a.b.c"])),
      });
      expect(body).not.toContain("a.b.c");
    },
  ],
];
