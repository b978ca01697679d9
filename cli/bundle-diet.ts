// Owns what the data plane's bundle leaves out and abbreviates: what only readers, tests and benchmarks of its sources use.
import { readFileSync } from "node:fs";
import type { Plugin } from "esbuild";

/** The lines of a filter that say its name, its place and why; a chain at work reads none of them. */
const SAID_OF_FILTERS = /^ {2}(?:name|doc):\s+"[^"\n]*",\n|^ {2}after: \[[^\]\n]*\],\n/gm;

/** Takes the lines about a filter out of `mesh/filters`. */
export const withoutFilterDocs: Plugin = {
  name: "without-filter-docs",
  setup({ onLoad }) {
    onLoad({ filter: /[\\/]mesh[\\/]filters[\\/].*\.[jt]s$/ }, ({ path }) => ({
      loader: "ts",
      contents: readFileSync(path, "utf8").replaceAll(SAID_OF_FILTERS, ""),
    }));
  },
};

/**
 * Property names of the mesh's own objects that esbuild may abbreviate. A name may stand here only when it is never in
 * JSON, on the wire, in a wrangler file, on an object of the platform, or looked up as a string (a test checks this).
 */
export const OWN_NAMES: readonly string[] = `
  admitNonce afterLeft afterSpan allowance askedMs assetsInFront attemptEndMs attemptStartMs attempted
  attempting attested audienceKey authority awaited backend baggage beforeSpan begun bindings bornMs bound
  budget callerKeys callers checkAnswer chosen chunk circuit circuitOf context contextText cookies covered
  createDev createNonces createOutward createQueues createTracer createTrouble current deadlineMs deeper delayMs
  depth directory dispatched doubt drain durationMs envelope epochs extra flushAtMs follows fromMs fromOutside
  fromRoute good hadMs hasJoined hasNews hear heard heardMs http inFlight inScope inbound inlet inner invocations
  isBorn isBrief isCallerAborted isClosed isDegraded isDerived isFresh isFull isGood isInDoubt isKnown
  isLoopback isRepeatable isRetry isRevoked isSeed isSent isTroubled isUrgent isWanted isolate keepCaller keeper known
  lastPulseMs lastSyncMs lastTryMs latest learn leftMs loadLate loads loopbackExports maxPrefix mayUse
  mintFromSeed news nonce onBehalf openBatch order outbound outbox outer outlet outward ownBreaker ownOpenMs
  ownUntilMs pairFor parentEnd parentStart partKey policy principal priority probeAtMs proofText proofs
  proveRequest pulseEveryMs ready recall record refresh refusedThere remember replayable reveal running safe
  scope seedPairFor seedUntilMs seeds sentBefore serveOwn settle settleCircuit settled shareExports slot spare
  spareUntilMs special startMs startedMs subject targetClass terminal tokens tookMs tracer tracestate tried tsMs
  turns underway untilMs uses verified verifyRequest viaRelay wasFailed wasSlow watch weaveEntrypoint
  weaveNamespace weaveObject wrap
`
  .trim()
  .split(/\s+/);
