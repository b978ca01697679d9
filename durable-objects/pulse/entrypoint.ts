// Owns the entrypoint Pulse: the one channel between isolates and shared state. Who reports is read from props only.
import { WorkerEntrypoint } from "cloudflare:workers";
import type { PulseApi, PulseReply, PulseReport } from "../../mesh/contract/pulse.ts";
import type { RegistryApi } from "../../mesh/contract/state.ts";
import { ambientClock } from "../clock.ts";
import { createPulseMemory } from "./memory.ts";

/** What Pulse needs of its environment; stubs are made per request. */
export interface PulseEnv {
  readonly REGISTRY: { getByName(name: string): Pick<RegistryApi, "merge"> };
}

/** The props weaving puts on the binding. */
export interface PulseProps {
  readonly heddle?: { readonly workload?: string };
}

const memory = createPulseMemory(ambientClock);

/** Takes reports and answers from memory. */
export class Pulse extends WorkerEntrypoint<PulseEnv, PulseProps> implements PulseApi {
  async report(report: PulseReport): Promise<PulseReply> {
    const workload = this.ctx.props.heddle?.workload;
    if (!workload) throw new Error("the binding to Pulse carries no workload in its props");
    const registry = this.env.REGISTRY.getByName("mesh");
    return memory.report(workload, toReport(report), registry, (work) => this.ctx.waitUntil(work));
  }
}

/** What another isolate sent, as far as it is what it should be; a newer format may say more. */
function toReport(given: PulseReport): PulseReport {
  const { isolate, sequence, version, nack } = given;
  const isSound =
    typeof isolate === "string" &&
    isolate.length <= 128 &&
    Number.isSafeInteger(sequence) &&
    Number.isSafeInteger(version);
  if (!isSound) throw new Error("not a pulse report");
  return {
    format: given.format,
    isolate,
    sequence,
    version,
    nack: nack
      ? { version: Number(nack.version), reason: String(nack.reason).slice(0, 256) }
      : null,
  };
}
