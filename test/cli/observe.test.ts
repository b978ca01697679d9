// heddle stat, edges and top, against a control that answers what it is told.
import { afterEach, describe, expect, it } from "vitest";
import type { Edge, Golden, Stat } from "../../mesh/contract/api.ts";
import { CliError, EXIT } from "../../cli/exit.ts";
import { watching } from "../../cli/output/watch.ts";
import { runCli } from "../../cli/program.ts";
import { captureIo, startFakeControl, type FakeControl } from "./fake-control.ts";

let control: FakeControl | undefined;
afterEach(async () => {
  await control?.close();
  control = undefined;
});

const golden = (count: number, errors: number, retries = 0): Golden => ({
  count,
  errors,
  retries,
  success: (count - errors) / count,
  perSecond: count / 60,
  p50Ms: 3,
  p95Ms: 9.4,
  p99Ms: 1234,
  outcomes: { ok: count - errors },
});
const edge: Edge = {
  source: "default/front",
  destination: "default/cart",
  effective: golden(600, 2),
  actual: golden(612, 14, 12),
  refusals: { circuit_open: 2 },
  inbound: { denied: 1 },
  routes: [],
  endpoints: [
    { ...golden(12, 0), route: "", endpoint: "cart-v2" },
    { ...golden(600, 14), route: "default/cart", endpoint: "cart-v1" },
  ],
};
const stat: Stat = {
  windowMs: 60_000,
  services: [
    { service: "default/cart", ...edge },
    { ...edge, service: "default/cart-v1", effective: null, refusals: {}, inbound: {} },
  ],
  edges: [edge],
};
const NONE: Stat = { windowMs: 60_000, services: [], edges: [] };

async function run(args: readonly string[], body: unknown, over: object = {}) {
  control = await startFakeControl(() => ({ body }));
  const io = captureIo({ env: { HEDDLE_CONTROL: control.url, HEDDLE_TOKEN: "t" }, ...over });
  const exit = await runCli(args, io);
  return { exit, io, asked: control.asked };
}

describe("heddle stat, edges, top", () => {
  it("show figures in columns", async () => {
    const { exit, io, asked } = await run(["stat", "cart", "other/x", "--window", "5m"], stat);
    expect(exit).toBe(EXIT.ok);
    expect(asked[0]?.path).toBe("/v1/stat?window=5m&service=cart%2Cother%2Fx");
    expect(io.stdout()).toBe(
      [
        "SERVICE          SUCCESS  RPS   P50  P95  P99    ACTUAL  TRIES/S  RETRIES  REFUSED",
        "default/cart     99.66%   10.0  3ms  9ms  1.23s  97.71%  10.2     0.0%     circuit_open 2, denied 1 (inbound)",
        "default/cart-v1  -        -     3ms  9ms  1.23s  97.71%  10.2     2.0%     -",
        "",
      ].join("\n"),
    );
    expect((await run(["edges"], stat)).io.stdout()).toMatch(/^SOURCE +DESTINATION +SUCCESS/);
    const top = (await run(["top"], stat)).io.stdout().split("\n");
    expect(top.map((line) => line.split(/ +/)[1])).toEqual([
      "ENDPOINT",
      "cart-v1",
      "cart-v2",
      undefined,
    ]);
  });

  it("print what control said as JSON", async () => {
    for (const name of ["stat", "edges", "top"])
      expect(JSON.parse((await run([name, "-o", "json"], stat)).io.stdout())).toEqual(stat);
  });

  it("teach where there is nothing to show", async () => {
    expect((await run(["stat"], NONE)).io.stdout()).toMatch(
      /no call .* 1m; call a service, or .* --window/,
    );
    expect((await run(["edges", "--window", "ever"], NONE)).io.stdout()).toMatch(/no call .* yet/);
    expect(JSON.parse((await run(["top", "-o", "json"], NONE)).io.stdout())).toEqual(NONE);
  });

  it("watch until they are interrupted, one line of JSON each time", async () => {
    let stop: () => void = () => undefined;
    let shown = "";
    const out = (text: string): void => {
      shown += text;
      stop();
    };
    const over = { out, onStop: (given: () => void) => (stop = given) };
    const { exit } = await run(["stat", "--watch", "-o", "json"], stat, over);
    expect(exit).toBe(EXIT.ok);
    expect(shown).toBe(`${JSON.stringify(stat)}\n`);
  });

  it("watch on while control is away, which is said once", async () => {
    let stop: () => void = () => undefined;
    const io = captureIo({ onStop: (given) => (stop = given) });
    const away = new CliError(EXIT.unreachable, { message: "away" });
    const turns = ["one ", away, away, "two "];
    const show = async (): Promise<string> => {
      const turn = turns.shift() ?? away;
      if (turns.length === 0) stop();
      if (turn instanceof CliError) throw turn;
      return turn;
    };
    await watching(io, show, 1);
    expect(io.stdout()).toBe("one ");
    expect(io.stderr()).toBe("warning: away\n");
    const broken = () => Promise.reject(new CliError(EXIT.failed, { message: "no such service" }));
    await expect(watching(io, broken, 1)).rejects.toThrow("no such service");
  });

  it("draw over the last figures on a terminal only", async () => {
    const drawn = async (isTerminal: boolean): Promise<string> => {
      let stop: () => void = () => undefined;
      let text = "";
      const over = {
        isTerminal,
        onStop: (given: () => void) => (stop = given),
        out: (more: string) => {
          text += more;
          stop();
        },
      };
      await run(["top", "-w"], stat, over);
      return text;
    };
    expect((await drawn(true)).startsWith("\u001B[H\u001B[2J")).toBe(true);
    expect((await drawn(false)).startsWith("SOURCE")).toBe(true);
  });

  it("end as other commands do when control is not there", async () => {
    const env = { HEDDLE_CONTROL: "http://127.0.0.1:1", HEDDLE_TOKEN: "t" };
    expect(await runCli(["stat", "--watch"], captureIo({ env }))).toBe(EXIT.unreachable);
    expect(await runCli(["stat", "--window"], captureIo({ env }))).toBe(EXIT.usage);
  });
});
