// The public surface of `heddle/queue`: what a woven consumer imports whose batches hold messages of several senders.

/** Where the mesh of this isolate is found: it is woven beside the application and not imported by it. */
const WITHIN = Symbol.for("heddle.within");

/**
 * Runs what is done for one message of a batch with the cohort and the trace of who sent it; answers what `run` does.
 * `message` is one of `batch.messages`; without a mesh, or of a queue that carries nothing, `run` is simply run.
 */
export const withMessage = <T>(message: object, run: () => T): T => {
  const within: unknown = Reflect.get(globalThis, WITHIN);
  return typeof within === "function" ? (within(message, run) as T) : run();
};
