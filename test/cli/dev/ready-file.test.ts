// The file of `--ready-file`: there while the mesh answers, and at no other time.
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openReadyFile } from "../../../cli/dev/ready-file.ts";

let dir = "";
beforeEach(() => {
  dir = mkdtempSync(path.join(tmpdir(), "heddle-ready-"));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

test("what an earlier run left is gone until this one is ready, and after its end", () => {
  const file = path.join(dir, "ready.json");
  writeFileSync(file, "stale");
  let leave = (): void => undefined;
  const ready = openReadyFile(file, (step) => (leave = step));
  expect(existsSync(file)).toBe(false);
  ready.announce({ token: "t" });
  expect(readFileSync(file, "utf8")).toBe('{"token":"t"}\n');
  expect(readdirSync(dir)).toEqual(["ready.json"]);
  leave();
  expect(readdirSync(dir)).toEqual([]);
});

test("a place where no file can be is told before anything starts", () => {
  const later = (): void => undefined;
  const nowhere = path.join(dir, "none/ready.json");
  expect(() => openReadyFile(nowhere, later)).toThrow("there is no folder");
  expect(() => openReadyFile(dir, later)).toThrow("is a folder");
});

test("what is no plain file is written to and stays", () => {
  let leave = (): void => undefined;
  const ready = openReadyFile("/dev/null", (step) => (leave = step));
  ready.announce({ token: "t" });
  leave();
  expect(existsSync("/dev/null")).toBe(true);
});
