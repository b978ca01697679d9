// Owns the entrypoint Workload: what Workers of the mesh ask control over their binding. Who asks is in the props only.
import { WorkerEntrypoint } from "cloudflare:workers";
import type { IdentityReply, JoinReply, JoinRequest, WorkloadApi } from "../mesh/contract/join.ts";
import { type ControlEnv, createControl } from "./control.ts";
import { createIssue } from "./issue/identity.ts";
import { join } from "./issue/join.ts";
import { memory } from "./issue/shared-memory.ts";

/** The props weaving puts on the binding. */
export interface WorkloadProps {
  readonly heddle?: { readonly workload?: string; readonly tag?: string };
}

const issueIdentity = createIssue();

/** Answers from memory; only tokens are signed by Issuer. */
export class Workload extends WorkerEntrypoint<ControlEnv, WorkloadProps> implements WorkloadApi {
  async join(request: JoinRequest): Promise<JoinReply> {
    const workload = this.#workload();
    const { isolate, have, format } = request;
    if (typeof isolate !== "string" || isolate.length > 128 || !Number.isSafeInteger(have)) {
      throw new Error("not a join request");
    }
    const control = createControl(this.env, this.ctx);
    return join(memory, control, workload, { format, isolate, have }, this.#tag());
  }

  async identity(key: JsonWebKey): Promise<IdentityReply> {
    const workload = this.#workload();
    return issueIdentity(memory, createControl(this.env, this.ctx), workload, key, this.#tag());
  }

  /** Which version asks; empty where weaving was given no tag. */
  #tag(): string {
    return this.ctx.props.heddle?.tag ?? "";
  }

  #workload(): string {
    const workload = this.ctx.props.heddle?.workload;
    if (!workload) throw new Error("the binding to control carries no workload in its props");
    return workload;
  }
}
