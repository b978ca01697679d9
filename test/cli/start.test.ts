import path from "node:path";
import { describe, expect, test } from "vitest";
import { CliError } from "../../cli/exit.ts";
import { guide, progressLine, readOptions, start } from "../../cli/start.ts";

const defaults = {
  project: path.resolve("workers/shop"),
  port: null,
  controlPort: 0,
  rps: 5,
  seed: 1,
  fresh: false,
};

describe("options of npm start", () => {
  test("none", () => expect(readOptions([])).toEqual(defaults));

  test("all", () => {
    const args = ["--port", "0", "--control-port=9", "--rps", "2.5", "--seed", "7", "--fresh"];
    expect(readOptions([...args, "--ready-file", "ready.json", "--project", "shop"])).toEqual({
      project: path.resolve("shop"),
      port: 0,
      controlPort: 9,
      rps: 2.5,
      seed: 7,
      fresh: true,
      readyFile: path.resolve("ready.json"),
    });
    expect(readOptions(["--no-load"])).toEqual({ ...defaults, rps: 0 });
    expect(readOptions(["-h"])).toBe("help");
  });

  test.each([
    ["--port", "80000"],
    ["--port", "x"],
    ["--rps", "-1"],
    ["--seed", "1.5"],
    ["--what"],
    ["stray"],
  ])("%s %s is refused", (...args) => expect(() => readOptions(args)).toThrow(CliError));

  test("a refusal is one error on stderr and exit code 2", async () => {
    let said = "";
    const io = {
      out: () => undefined,
      err: (text: string) => {
        said += text;
      },
      stdin: () => Promise.resolve(""),
      env: {},
      cwd: "/",
      hasColor: false,
      onStop: () => undefined,
    };
    expect(await start(["--rps", "many"], io)).toBe(2);
    expect(said).toBe('error: --rps is a number from 0 to 1000, not "many"\n');
  });
});

test("progress in one line", () => {
  const stats = {
    sent: 1204,
    dropped: 0,
    inFlight: 1,
    errors: 2,
    statuses: {},
    reviews: { v1: 90, v2: 10 },
  };
  expect(progressLine(stats)).toBe("  1,204 requests, 2 errors, reviews v2 for 10.0 %");
  expect(progressLine({ ...stats, dropped: 3, reviews: {} })).toBe(
    "  1,204 requests, 2 errors, 3 not sent (too many unanswered), no reviews yet",
  );
});

test("the guide names the addresses and only files that are there", async () => {
  const ready = { gateway: "http://127.0.0.1:1", control: "http://127.0.0.1:2", token: "t" };
  const text = guide(ready, "workers/shop");
  expect(text).toContain("http://127.0.0.1:1\n");
  expect(text).toContain("http://127.0.0.1:2/dev/faults");
  const { existsSync } = await import("node:fs");
  const files = [...text.matchAll(/-f (\S+)/g)].map(([, file = ""]) => file);
  expect(files.length).toBe(3);
  for (const file of files) expect(existsSync(`workers/shop/${file}`), file).toBe(true);
});
