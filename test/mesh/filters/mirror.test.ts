// The filter mirror, through the real chains: who gets a copy of a request, and that nobody waits for it.
import { describe, expect, it } from "vitest";
import type { HttpParts } from "../../../mesh/pipeline/call.ts";
import { call, everyPath, fake, scope, service } from "./fake.ts";
import { run, send, to } from "./one-rule.ts";

describe("mirrors", () => {
  it("get the changed request with a span and a proof of their own, and no answer of theirs counts", async () => {
    const { response, seen, self } = await send(
      {
        mirrors: [to("other"), to("third")],
        transform: { request: { set: [["x-set", "1"]] }, path: "/new" },
      },
      {},
      { answer: (url, init) => new Response((init.headers as Record<string, string>)["heddle"]) },
    );
    expect(seen.map(({ to: name, url }) => [name, url])).toEqual([
      ["callee", "http://callee/new"],
      ["other", "http://callee/new"],
      ["third", "http://callee/new"],
    ]);
    expect(new Set(seen.map(({ headers }) => headers["traceparent"])).size).toBe(3);
    for (const { to: name, headers } of seen) {
      expect(headers["x-set"]).toBe("1");
      expect(headers["heddle"]).toContain(`proof-for-default/${name}`);
    }
    expect(await response.text()).toContain("proof-for-default/callee");
    expect(self.records).toHaveLength(1);
    expect(self.attempts).toHaveLength(3);
    for (const [, { inFlight }] of self.states) expect(inFlight).toBe(0);
  });

  it("are not waited for, and not tried again", async () => {
    const { seen, response } = await send(
      {
        mirrors: [to("other")],
        retry: { attempts: 2, codes: [503], backoffBaseMs: 1, backoffCapMs: 1 },
      },
      {},
      {
        answer: (_, { headers }) =>
          new Response(null, { status: isFor(headers, "other") ? 503 : 200 }),
      },
    );
    expect(response.status).toBe(200);
    expect(seen.map(({ to: name }) => name)).toEqual(["callee", "other"]);
  });

  it("get their share", async () => {
    let copies = 0;
    for (let index = 0; index < 200; index++) {
      copies += await copiesDrawn(index);
    }
    expect(copies).toBeGreaterThan(20);
    expect(copies).toBeLessThan(65);
  });

  it("get a short stream and whatever can be sent twice, and no copy of a long stream", async () => {
    const mirrored = async (http: Partial<HttpParts>): Promise<(string | null)[]> => {
      const { seen } = await send({ mirrors: [to("other")] }, { method: "POST", ...http });
      return seen.map(({ body }) => body);
    };
    const stream = (): HttpParts["body"] => new Blob(["text"]).stream();
    const short = { body: stream(), replayable: false, headers: { "content-length": "4" } };
    expect(await mirrored(short)).toEqual(["text", "text"]);
    expect(await mirrored({ body: "text" })).toEqual(["text", "text"]);
    expect(await mirrored({ body: stream(), replayable: false })).toEqual(["text"]);
  });

  it("of a backend hold for calls that take it", async () => {
    const backends = [to("callee", { mirrors: [to("third")] })];
    const { seen } = await send({ backends, mirrors: [] });
    expect(seen.map(({ to: name }) => name)).toEqual(["callee", "third"]);
  });

  it("get no upgrade, and nothing where switched off", async () => {
    const upgrade = await send({ mirrors: [to("other")] }, { headers: { upgrade: "websocket" } });
    expect(upgrade.seen).toHaveLength(1);
    const off = await send({ mirrors: [to("other")] }, {}, { bypassed: ["mirror"] });
    expect(off.seen).toHaveLength(1);
    expect(off.self.records[0]?.bypassed).toEqual(["mirror"]);
  });
});

const isFor = (headers: unknown, name: string): boolean =>
  String((headers as Record<string, string>)["heddle"]).includes(`proof-for-default/${name}`);

async function copiesDrawn(seed: number): Promise<number> {
  let draws = 0;
  const self = fake({
    services: [
      service("callee", {
        producer: [
          {
            port: null,
            table: everyPath({ backends: [to("callee")], mirrors: [to("other", { weight: 0.2 })] }),
          },
        ],
      }),
      service("other"),
    ],
    answering: {
      "default/callee": () => new Response("ok"),
      "default/other": () => {
        draws += 1;
        return new Response("ok");
      },
    },
  });
  const waits: Promise<unknown>[] = [];
  const random = (): number => ((seed * 2_654_435_761) % 4_294_967_296) / 4_294_967_296;
  const isolate = Object.assign(self.isolate, { random });
  const keeper = { waitUntil: (promise: Promise<unknown>) => void waits.push(promise) };
  await run(call(isolate, "callee", { scope: { ...scope(), keeper } }));
  await Promise.all(waits);
  return draws;
}
