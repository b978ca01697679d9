// Owns Kubernetes conditions: their shape, and when `lastTransitionTime` moves.

export interface Condition {
  readonly type: string;
  readonly status: "True" | "False" | "Unknown";
  readonly reason: string;
  readonly message: string;
  readonly observedGeneration: number;
  readonly lastTransitionTime: string;
}

/** What a judgement says; the rest of a condition follows from where and when it was made. */
export type Finding = Pick<Condition, "type" | "status" | "reason" | "message">;

/** When a status is written, and of which generation. */
export interface Moment {
  readonly generation: number;
  readonly nowMs: number;
}

/** Conditions from findings; one whose status is that of `before` keeps its transition time. */
export function toConditions(
  findings: readonly Finding[],
  before: unknown,
  moment: Moment,
): Condition[] {
  const old = Array.isArray(before) ? (before as readonly Partial<Condition>[]) : [];
  const now = new Date(moment.nowMs).toISOString();
  return findings.map(({ type, status, reason, message }) => {
    const last = old.find((condition) => condition.type === type && condition.status === status);
    return {
      type,
      status,
      reason,
      message,
      observedGeneration: moment.generation,
      lastTransitionTime: last?.lastTransitionTime ?? now,
    };
  });
}

/** A finding that holds, with its standard reason of the same name. */
export const holds = (type: string, message: string): Finding => ({
  type,
  status: "True",
  reason: type,
  message,
});

/** A finding that something does not hold. */
export const fails = (type: string, reason: string, message: string): Finding => ({
  type,
  status: "False",
  reason,
  message,
});

/** The finding that some fields have no effect; none where all have. */
export const partially = (fields: readonly string[]): Finding[] =>
  fields.length === 0
    ? []
    : [
        {
          type: "PartiallyProgrammed",
          status: "True",
          reason: "UnsupportedFeature",
          message: `Accepted, without effect yet: ${fields.join(", ")}.`,
        },
      ];
