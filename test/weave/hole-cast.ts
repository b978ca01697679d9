// Workers with every way around the chain open to an attacker: plain bindings, props made up, assets, joined by hand.
import * as esbuild from "esbuild";
import type { RuntimeBinding } from "../../cli/dev/runtime-worker.ts";
import { startCloth, workloadOf, type Cloth } from "./cloth.ts";
import { newestDate } from "./differences.ts";
import { attacker } from "./forge.ts";
import { bound, counter, victim } from "./victims.ts";

/** Calls by each of its bindings, and answers what headers it got. */
export const FRONT = `
import { WorkerEntrypoint } from "cloudflare:workers";
export class Own extends WorkerEntrypoint {
  hello(name) { return "hello " + name; }
}
export default {
  async fetch(request, env, ctx) {
    const { pathname, searchParams } = new URL(request.url);
    const said = (error) => error.name + " " + error.message;
    switch (pathname) {
      case "/asset": return env.HOUSE.fetch("http://house.example/asset.txt");
      case "/hand": return env.HAND.fetch("http://hand.example/path");
      case "/good": return new Response(await env.GOOD.hello("you"));
      case "/wrong": return new Response(await env.WRONG[searchParams.get("member")]("you").catch(said));
      case "/wrong-fetch": return new Response(await env.WRONG.fetch("http://hand.example/").then(String, said));
      case "/own": return new Response(await ctx.exports.Own.hello("me"));
      case "/give": return new Response(await env.API.take({ deep: [env.HOUSE] }).catch(said));
      default: return Response.json([...request.headers]);
    }
  },
};`;

/** Stands for the assets binding. */
const ASSETS = `export default {
  fetch: (request) =>
    request.url.endsWith("/asset.txt") ? new Response("an asset") : new Response(null, { status: 404 }),
};`;

const withProps = (
  worker: string,
  props: Record<string, unknown>,
  entrypoint?: string,
): RuntimeBinding => ({
  type: "worker",
  worker,
  entrypoint,
  props,
});

/** Starts them in a folder of the test's own. */
export async function startHoles(dir: string): Promise<Cloth> {
  const { outputFiles } = await esbuild.build({
    entryPoints: [`${import.meta.dirname}/fixtures/by-hand.js`],
    bundle: true,
    write: false,
    format: "esm",
    external: ["cloudflare:*", "node:*"],
  });
  const front = workloadOf("front");
  return await startCloth({
    compatibilityDate: newestDate(),
    isWoven: true,
    dir,
    workers: [
      {
        name: "front",
        source: FRONT,
        exports: ["default", "Own"],
        dials: {
          HOUSE: { to: "house" },
          API: { to: "house#Api" },
          HAND: { to: "hand" },
          GOOD: { to: "hand#Good" },
          WRONG: { to: "hand#Wrong" },
        },
      },
      victim("house", {
        wiring: { assets: { binding: "HEDDLE_ASSETS", workerFirst: false } },
        bindings: { HEDDLE_ASSETS: { type: "worker", worker: "assets" } },
      }),
      {
        name: "hand",
        source: outputFiles[0]?.text ?? "",
        exports: ["default", "Good", "Wrong"],
        isByHand: true,
      },
      counter,
      { name: "assets", source: ASSETS, exports: ["default"], isPlain: true },
      attacker({
        NAKED: bound("house", null),
        NAKED_PLAIN: bound("house", null, "Plain"),
        NAKED_API: bound("house", null, "Api"),
        NAKED_HAND: bound("hand", null),
        NAKED_GOOD: bound("hand", null, "Good"),
        NAKED_FRONT: bound("front", null),
        NAKED_OWN: bound("front", null, "Own"),
        FLAT: withProps("house", { workload: front, source: front }),
        TEXT: withProps("house", { heddle: front }),
        NUMBER: withProps("house", { heddle: { workload: 5 } }),
        SOURCE: withProps("house", {
          heddle: { source: front, dialled: { service: "x", entrypoint: null } },
        }),
        GUESS: withProps("house", { heddle: { workload: workloadOf("house"), loopback: "guess" } }),
        GUESS_API: withProps(
          "house",
          { heddle: { workload: workloadOf("house"), loopback: "guess" } },
          "Api",
        ),
        BOUND: bound("house", workloadOf("attacker")),
        BOUND_API: bound("house", workloadOf("attacker"), "Api"),
      }),
    ],
  });
}
