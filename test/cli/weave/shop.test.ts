// Every Worker of the shop, deployed dry by plain wrangler after `heddle weave`.
import { appendFileSync, cpSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { loadProject } from "../../../cli/project/load.ts";
import { weaveProject } from "../../../cli/weave/weave-project.ts";
import { makeProject } from "../project/temp-project.ts";
import { dryRun, textOf } from "./dry-run.ts";

test("wrangler deploy ships the woven build, and after an edit of its source the edit too", async () => {
  const dir = makeProject({});
  const isOurs = (name: string): boolean => !/[/\\]\.(heddle|wrangler)$/.test(name);
  cpSync("workers/shop", dir, { recursive: true, filter: isOurs });
  await weaveProject({ from: dir, workers: [], cwd: dir, environment: {} });
  const { workers } = await loadProject(dir);
  expect(workers.length).toBeGreaterThan(5);
  // Two at a time, on two cores.
  const queue = [...workers];
  const shipAll = async (): Promise<void> => {
    for (let worker = queue.shift(); worker; worker = queue.shift()) {
      const { name, config, configPath } = worker;
      appendFileSync(config.main ?? "", `\nconsole.log("edited ${name}");\n`);
      const { status, said, parts } = await dryRun(path.dirname(configPath));
      expect(status, said).toBe(0);
      expect(await textOf(parts.get("metadata"))).toContain('"main_module":"heddle-entry.js"');
      expect(await textOf(parts.get("index.js"))).toContain(`edited ${name}`);
      expect(await textOf(parts.get("heddle-wiring.js"))).toContain(`default/${name}`);
    }
  };
  await Promise.all([shipAll(), shipAll()]);
}, 120_000);
