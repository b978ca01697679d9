// A folder and a control that answers from a table, for each test of a file; commands run between them.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach } from "vitest";
import { runCli } from "../../cli/program.ts";
import {
  captureIo,
  startFakeControl,
  type Asked,
  type FakeControl,
  type Reply,
} from "./fake-control.ts";

/** What a test works at. */
export interface Desk {
  /** An empty folder. */
  readonly dir: string;
  readonly control: FakeControl;
  /** By method and path; what is not here is answered 404. */
  readonly replies: Record<string, Reply | ((asked: Asked) => Reply)>;
  /** Runs a command line in the folder. */
  heddle(
    line: string,
    over?: Parameters<typeof captureIo>[0],
  ): Promise<{ readonly exit: number; readonly out: string; readonly err: string }>;
}

/** A desk that is cleared for each test of the file. */
export function newDesk(): Desk {
  let dir = "";
  let control: FakeControl;
  let replies: Desk["replies"] = {};
  beforeEach(async () => {
    dir = mkdtempSync(path.join(tmpdir(), "heddle-cli-"));
    replies = {};
    control = await startFakeControl((asked) => {
      const reply = replies[`${asked.method} ${asked.path}`];
      if (reply === undefined)
        return { status: 404, body: { title: "none", status: 404, errors: [] } };
      return typeof reply === "function" ? reply(asked) : reply;
    });
  });
  afterEach(async () => {
    await control.close();
    rmSync(dir, { recursive: true, force: true });
  });
  return {
    get dir() {
      return dir;
    },
    get control() {
      return control;
    },
    get replies() {
      return replies;
    },
    async heddle(line, over = {}) {
      const io = captureIo({
        cwd: dir,
        env: { HEDDLE_CONTROL: `${control.url}/`, HEDDLE_TOKEN: "t0ken" },
        ...over,
      });
      const exit = await runCli(line.split(" "), io);
      return { exit, out: io.stdout(), err: io.stderr() };
    },
  };
}

/** What control answers to a change of one route. */
export const change = (verdict: string, warnings: readonly string[] = []): Reply => ({
  body: {
    results: [{ kind: "HTTPRoute", namespace: "default", name: "reviews", verdict }],
    version: 7,
    warnings,
  },
});
