// Owns how an attack is tried and judged: what is sent, what comes of it, and that no handler of its victim runs.
import { exportJWK, generateKeyPair } from "jose";
import { expect } from "vitest";
import { importSignatureKey, proveRequest, type Message } from "../../mesh/identity.ts";
import { send } from "../conformance/meshconf/wire.ts";
import {
  PARTNER_HOST,
  tokenFor,
  verdictOf,
  type Attack,
  type Partner,
  type Thief,
} from "./acceptance-cast.ts";
import type { Mesh, Question } from "./mesh.ts";
import type { Document } from "./project.ts";

/** An attack: its number and its words in docs/threat-model.md, and the attempt. */
export type Row = readonly [
  number: number,
  attack: string,
  attempt: (stage: Stage) => Promise<void>,
];

/** A call of the attacker over a binding of its own, without a proof. */
export const BARE = { act: "fetch", to: "default/vault", url: "http://victim.example/seen/x" };

type Attempt = () => Promise<string>;

/** The running mesh, and who attacks it. */
export class Stage {
  readonly mesh: Mesh;
  readonly thief: Thief;
  readonly partner: Partner;
  constructor(mesh: Mesh, thief: Thief, partner: Partner) {
    this.mesh = mesh;
    this.thief = thief;
    this.partner = partner;
  }

  async apply(...documents: readonly Document[]): Promise<void> {
    expect(await this.mesh.apply(documents, "--wait")).toMatchObject({ code: 0 });
  }

  /** How often handlers of a Worker ran. */
  async runsOf(name: string): Promise<number> {
    return (await this.mesh.counters())[`default/${name}`]?.handlerRuns ?? 0;
  }

  /** What each attempt comes to; no handler of the victim runs, save so often. */
  async expectVerdicts(
    victim: string,
    attempts: readonly Attempt[],
    verdict: string,
    runs = 0,
  ): Promise<void> {
    const before = await this.runsOf(victim);
    for (const attempt of attempts) expect(await attempt()).toBe(verdict);
    expect((await this.runsOf(victim)) - before).toBe(runs);
  }

  /** A call of the attacker with a proof of its own. */
  stolen(attack: Attack): Attempt {
    return async () => verdictOf(await this.thief.act(await this.thief.proved(attack)));
  }

  /** Something that the attacker does. */
  raw(ask: object): Attempt {
    return async () => verdictOf(await this.thief.act(ask));
  }

  /** A request from outside, led to a Worker that calls on. */
  asked(question: Question): Attempt {
    return async () => {
      const { status, body } = await this.mesh.ask({ caller: "front", ...question });
      return verdictOf({ status, text: body });
    };
  }

  /** A proved request of the partner, with a token of these claims. */
  async fromPartner(
    claims: Readonly<Record<string, unknown>> = {},
    header: Readonly<Record<string, unknown>> = {},
    change: (token: string) => string = (token) => token,
  ): Promise<string> {
    const pair = await generateKeyPair("ES256", { extractable: true });
    const jwk = await exportJWK(pair.publicKey);
    const token = change(await tokenFor(this.partner, jwk, claims, header));
    const secret = (await exportJWK(pair.privateKey)) as JsonWebKey;
    const key = await importSignatureKey("ecdsa-p256-sha256", secret, "sign");
    if (key === null) throw new Error("no key");
    const target = "/seen/x";
    const bare: Message = {
      method: "GET",
      target,
      scheme: "http",
      headers: [["host", PARTNER_HOST]],
    };
    const nowS = Math.floor(Date.now() / 1000);
    const proof = await proveRequest(bare, { token, key }, nowS, crypto.randomUUID());
    const { status, body } = await send({
      address: new URL(this.mesh.ready.gateway).host,
      method: "GET",
      target,
      headers: [["Host", PARTNER_HOST], ...proof],
    });
    return verdictOf({ status, text: body });
  }
}
