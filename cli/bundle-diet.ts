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
  admitNonce allowance assetsInFront attemptEndMs attempted attested authority awaited backend baggage begun bornMs
  bound budget callerKeys callers checkAnswer chosen chunk cohort contentType context contextText counters covered
  createDev current deadlineMs deeper delayMs depth directory envelope epochs external follows fromMs fromOutside
  fromRoute hasJoined held http inFlight inbound inlet inner invocations isBorn isCallerAborted isDegraded isFresh
  isGood isInDoubt isKnown isLoopback isRepeatable isRevoked isSeed isWanted keepCaller keeper known lastPulseMs
  lastSyncMs lastTryMs latest leftMs loads loopbackExports maxPrefix mintFromSeed nonce onBehalf order outbound outer
  outlet pairFor patterns policy principal priority proofText proofs pulseEveryMs recall remember replayable reveal
  running safe scope seedPairFor seedUntilMs seeds serveOwn settled shareExports slot spanId spare special startedMs
  subject terminal tokens tracestate tried tsMs turns untilMs uses verified viaRelay weaveNamespace wrap
`
  .trim()
  .split(/\s+/);
