// A child process that holds wrangler loaded and runs its own `deploy --dry-run` handler once per request:
// 25 ms a build against 700 ms for a process each. It owns that one call and nothing else;
// whatever it cannot do is left to the wrangler command itself (build-command.ts).
import path from "node:path";
import process from "node:process";

/** One build to run. Builds of one host run one after another: wrangler works in the current folder. */
export interface HostRequest {
  readonly id: number;
  readonly configPath: string;
  readonly env: string;
  readonly outDir: string;
  readonly metafile: string;
  /** `name:path` each. */
  readonly alias: readonly string[];
}

/** An error of esbuild's, as it comes. */
export interface BuildMessage {
  readonly text: string;
  readonly location?: {
    readonly file: string;
    readonly line: number;
    readonly column: number;
    readonly lineText: string;
  } | null;
  readonly notes?: readonly { readonly text: string }[];
}

export type HostReply = { readonly id: number; readonly said: string } & (
  | { readonly is: "built" }
  /** The Worker's fault, with what wrangler has to say. */
  | { readonly is: "wrong"; readonly message: string; readonly errors: readonly BuildMessage[] }
  /** Perhaps ours: the wrangler command decides. */
  | { readonly is: "unsure"; readonly message: string }
);

/** What we use of wrangler; its own declarations name a package it does not ship. */
interface Wrangler {
  experimental_getWranglerCommands(): {
    registry: { subtree: Map<string, { definition?: { handler?: Handler } }> };
  };
  unstable_readConfig(args: { config: string; env: string }): unknown;
}
type Handler = (args: object, context: object) => Promise<unknown>;

let said = "";
const listen = (chunk: string | Uint8Array): boolean => {
  said += typeof chunk === "string" ? chunk : Buffer.from(chunk).toString();
  return true;
};

async function main(): Promise<void> {
  // Messages that come while wrangler loads wait for the listener below.
  const wrangler = (await import("wrangler")) as unknown as Wrangler;
  process.stdout.write = listen;
  process.stderr.write = listen;
  let turn = Promise.resolve();
  process.on("message", (message) => {
    turn = turn.then(async () => {
      said = "";
      const request = message as HostRequest;
      const outcome = await build(wrangler, request);
      process.send?.({ id: request.id, said, ...outcome });
    });
  });
  process.send?.("ready");
}

type Outcome = HostReply extends infer Reply
  ? Reply extends unknown
    ? Omit<Reply, "id" | "said">
    : never
  : never;

async function build(wrangler: Wrangler, request: HostRequest): Promise<Outcome> {
  try {
    const { configPath, env, outDir, metafile, alias } = request;
    process.chdir(path.dirname(configPath));
    const { registry } = wrangler.experimental_getWranglerCommands();
    const handler = registry.subtree.get("deploy")?.definition?.handler;
    if (!handler) return { is: "unsure", message: "wrangler has no deploy handler" };
    const config = wrangler.unstable_readConfig({ config: configPath, env });
    await handler(
      {
        config: configPath,
        env,
        dryRun: true,
        outdir: outDir,
        metafile,
        alias,
        _: ["deploy"],
        $0: "wrangler",
      },
      { config, logger: silentLogger, errors: { UserError: Error, FatalError: Error } },
    );
    return { is: "built" };
  } catch (error) {
    return judge(error);
  }
}

/** Wrangler's user errors carry `telemetryMessage`, esbuild's failures `errors`; all else is not for sure the Worker's. */
function judge(error: unknown): Outcome {
  if (!(error instanceof Error)) return { is: "unsure", message: String(error) };
  if ("errors" in error && Array.isArray(error.errors)) {
    const errors = (error.errors as BuildMessage[]).map(({ text, location, notes }) => ({
      text,
      location: location ?? null,
      notes: (notes ?? []).map((note) => ({ text: note.text })),
    }));
    return { is: "wrong", message: error.message, errors };
  }
  if ("location" in error) {
    const location = error.location as BuildMessage["location"];
    return {
      is: "wrong",
      message: error.message,
      errors: [{ text: error.message, location: location ?? null }],
    };
  }
  if ("telemetryMessage" in error) return { is: "wrong", message: error.message, errors: [] };
  return { is: "unsure", message: error.stack ?? error.message };
}

const ignore = (): void => undefined;
const silentLogger = { log: ignore, info: ignore, debug: ignore, warn: ignore, error: ignore };

process.on("disconnect", () => process.exit(0));
await main();
