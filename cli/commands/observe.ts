// Owns `heddle stat`, `heddle edges` and `heddle top`.
import { statOf } from "../api.ts";
import type { Edge, Stat } from "../../mesh/contract/api.ts";
import { EXIT, type ExitCode } from "../exit.ts";
import type { Io } from "../io.ts";
import { print, type Form, type Printable } from "../output/print.ts";
import { edgeRows, serviceRows, topRows } from "../output/signals.ts";
import { watching } from "../output/watch.ts";
import { findControl } from "./target.ts";

export interface WatchedOptions {
  readonly window: string;
  readonly watch?: boolean;
  readonly output: Form;
}

type View = "stat" | "edges" | "top";

/** Shows golden signals once, or until it is interrupted. */
export async function observe(
  io: Io,
  view: View,
  services: readonly string[],
  { window, watch = false, output }: WatchedOptions,
): Promise<ExitCode> {
  const target = findControl(io);
  const show = async (): Promise<string> => {
    const stat = await statOf(target, services, window);
    if (output === "table" && stat.services.length === 0) return nothing(window);
    // One line each, so that a reader knows where one ends.
    if (watch && output === "json") return `${JSON.stringify(stat)}\n`;
    let text = "";
    await print({ out: (more) => (text += more) }, output, toPrintable(view, stat));
    return text;
  };
  if (watch) await watching(io, show);
  else io.out(await show());
  return EXIT.ok;
}

function toPrintable(view: View, stat: Stat): Printable {
  const names =
    view === "stat"
      ? stat.services.map(({ service }) => service)
      : stat.edges.map(({ source, destination }: Edge) => `${source} ${destination}`);
  const rows = { stat: serviceRows, edges: edgeRows, top: topRows }[view](stat);
  return { data: stat, rows, names };
}

const nothing = (window: string): string =>
  window === "ever"
    ? "no call was counted yet; call a service, and look again a second later\n"
    : `no call was counted in the last ${window}; call a service, or look further back with --window 1h (or: ever)\n`;
