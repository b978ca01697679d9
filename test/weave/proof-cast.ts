// Workers at each level, and an attacker bound to all of them; what it asks of them.
import { startCloth, workloadOf, type Cloth } from "./cloth.ts";
import { newestDate } from "./differences.ts";
import { attacker, type Ask } from "./forge.ts";
import { bound, counter, victim } from "./victims.ts";

/** Starts them in a folder of the test's own. */
export async function startVictims(dir: string): Promise<Cloth> {
  return await startCloth({
    compatibilityDate: newestDate(),
    isWoven: true,
    levels: { calm: "session", proud: "request", strict: "strict", chilly: "request" },
    dir,
    workers: [
      { name: "front", source: "export default { fetch() {} };", exports: ["default"] },
      victim("calm"),
      victim("proud"),
      victim("strict"),
      // Each is called by nobody before the test that is about a first call.
      victim("cool"),
      victim("chilly"),
      counter,
      attacker({
        CALM: bound("calm", workloadOf("attacker")),
        CALM_API: bound("calm", workloadOf("attacker"), "Api"),
        PROUD: bound("proud", workloadOf("attacker")),
        PROUD_API: bound("proud", workloadOf("attacker"), "Api"),
        STRICT: bound("strict", workloadOf("attacker")),
        STRICT_API: bound("strict", workloadOf("attacker"), "Api"),
        HANDED_ON: bound("calm", workloadOf("front")),
        HANDED_ON_API: bound("calm", workloadOf("front"), "Api"),
        HANDED_ON_COOL: bound("cool", workloadOf("front")),
        HANDED_ON_COOL_API: bound("cool", workloadOf("front"), "Api"),
        HANDED_ON_CHILLY: bound("chilly", workloadOf("front")),
        COOL: bound("cool", workloadOf("attacker")),
      }),
    ],
  });
}

export const byFetch = (binding: string, envelope?: string): Ask => ({
  binding,
  url: "http://victim.example/path",
  ...(envelope === undefined ? {} : { headers: { heddle: envelope } }),
});
export const byRpc = (binding: string, envelope = ""): Ask => ({
  binding: `${binding}_API`,
  dispatch: [[envelope, ["echo"], ["value"]]],
});
