// Owns waiting until a table version is in use: polls control, pokes every Worker of a dev mesh first.
import { setTimeout as sleep } from "node:timers/promises";
import { convergenceOf } from "../api.ts";
import type { Convergence } from "../../mesh/contract/api.ts";
import { askControl, ControlError, type ControlTarget } from "../client.ts";
import { CliError, EXIT } from "../exit.ts";
import type { Io } from "../io.ts";
import type { IsolateSeen } from "../../mesh/contract/state.ts";

/** Beyond the lease, how long `--wait` waits at most. */
const SLACK_MS = 2000;
const POLL_MS = 100;

/** Returns once the version is in use; says on stderr who had not acknowledged it by then. */
export async function waitUntilInUse(
  io: Pick<Io, "err">,
  target: ControlTarget,
  version: number,
): Promise<void> {
  const started = performance.now();
  const silent = new Map<string, IsolateSeen>();
  let isTold = await poke(target, version);
  for (;;) {
    const state = await convergenceOf(target, version);
    for (const one of state.pending) silent.set(keyOf(one), one);
    for (const one of state.acknowledged) silent.delete(keyOf(one));
    if (state.inUse) {
      sayLate(io, version, [...silent.values()]);
      return;
    }
    if (performance.now() - started > state.leaseMs + SLACK_MS) throw late(state);
    await sleep(POLL_MS);
    isTold ||= await poke(target, version);
  }
}

const keyOf = ({ workload, isolate }: IsolateSeen): string => `${workload} ${isolate}`;

/**
 * Makes every Worker of a dev mesh sync now; another control does not know the request. False where a Worker still has an
 * older table: a control that is busy may have answered it with what it remembered.
 */
async function poke(target: ControlTarget, version: number): Promise<boolean> {
  try {
    const poked = await askControl<Poked | null>(target, "POST", "/dev/poke");
    return (poked?.workers ?? []).every(
      ({ result }) => typeof result !== "number" || result >= version,
    );
  } catch (error) {
    if (!(error instanceof ControlError)) throw error;
    return true;
  }
}

/** What each Worker answered: its table's version, where it is woven. */
interface Poked {
  readonly workers?: readonly { readonly result?: unknown }[];
}

/** The lease has passed for those that did not acknowledge: they sync before their next decision. */
function sayLate(io: Pick<Io, "err">, version: number, silent: readonly IsolateSeen[]): void {
  if (silent.length === 0) return;
  io.err(`table ${version} is in use; not acknowledged by ${listOf(silent)}\n`);
}

function late({ version, pending }: Convergence): CliError {
  return new CliError(EXIT.timeout, {
    message: `table ${version} is not in use yet; not acknowledged by ${listOf(pending)}`,
    mend: "The change is stored and published; it takes hold when they sync.",
  });
}

const listOf = (pending: readonly IsolateSeen[]): string =>
  pending.length === 0
    ? "nobody known"
    : pending.map(({ workload, version }) => `${workload} (on ${version})`).join(", ");
