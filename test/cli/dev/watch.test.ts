// Following files: what is told, and that nothing of it outlives its end.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import process from "node:process";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { watchFiles } from "../../../cli/dev/watch.ts";

let dir = "";
beforeEach(() => {
  dir = mkdtempSync(path.join(tmpdir(), "heddle-watch-"));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

/** Each of them keeps a process from ending. */
const watched = (): number =>
  process.getActiveResourcesInfo().filter((name) => name === "FSEventWrap").length;

test("a change is told once files came to rest", async () => {
  const changed = vi.fn();
  const watch = watchFiles(changed);
  watch.set([dir]);
  for (const text of ["a", "b"]) writeFileSync(path.join(dir, "x.txt"), text);
  await vi.waitFor(() => expect(changed).toHaveBeenCalledTimes(1));
  watch.close();
});

test("once closed nothing is watched, whatever is set while a reload goes to its end", async () => {
  const none = async (): Promise<void> => await vi.waitFor(() => expect(watched()).toBe(0));
  await none();
  const watch = watchFiles(() => undefined);
  watch.set([dir]);
  expect(watched()).toBeGreaterThan(0);
  watch.close();
  await none();
  watch.set([dir]);
  expect(watched()).toBe(0);
});
