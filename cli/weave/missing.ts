// Owns what is said of a binding to an entrypoint that is not there: its calls fail, as they do bare.
import type { Dial } from "./dial.ts";
import { endpointsOf, type Scene } from "./scene.ts";

/** What to know of the dials of a Worker to entrypoints that a build behind them lacks; a build not at hand lacks none. */
export function missingEntrypoints(
  dials: readonly Dial[],
  { steering, targets, options }: Scene,
): readonly string[] {
  return dials.flatMap(({ binding, dialled }) => {
    const { entrypoint } = dialled;
    if (entrypoint === null) return [];
    const behind = endpointsOf(dialled, steering).filter((it) => it.entrypoint === undefined);
    return behind.flatMap(({ workload }) => {
      const names = targets.find((target) => target.workload === workload)?.entrypoints;
      if (names === undefined || !options.exports.has(workload)) return [];
      if (names.includes(entrypoint)) return [];
      const named = names.filter((name) => name !== "").join(", ");
      const has = named === "" ? "has none but its default export" : `has ${named}`;
      return [`${binding} dials the entrypoint ${entrypoint} of ${workload}, which ${has}`];
    });
  });
}
