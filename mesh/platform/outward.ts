// An isolate's way out of the mesh; what proves calls there is loaded by the first that asks for it.
import type { Outward, OutwardHome } from "../pipeline/late.ts";
import { externalTo } from "./external.ts";
import type { Proved } from "./proved.ts";

export function createOutward(home: OutwardHome): Outward {
  let made: Proved | null = null;
  const load = async (): Promise<Proved> => {
    const { createProved } = await import("./proved.ts");
    made ??= createProved(home);
    return made;
  };
  return {
    bind: (endpoint, keeper) =>
      endpoint.identity === undefined
        ? externalTo(endpoint.url ?? "")
        : externalTo(endpoint.url ?? "", async (...sent) =>
            (made ?? (await load())).send(endpoint, keeper, ...sent),
          ),
    believe: async (...shown) => (made ?? (await load())).believe(...shown),
    proveAnswer: async (...asked) => (made ?? (await load())).proveAnswer(...asked),
  };
}
