// `npm run test:peers`: real peers read what the mesh tells. A Prometheus scrapes the running shop, and a collector that
// is away meanwhile gets every span that was not counted as given up. Needs `prometheus` (Debian has it).
import { existsSync } from "node:fs";
import path from "node:path";
import process from "node:process";
import { collect } from "./collector.ts";
import { scrape } from "./prometheus.ts";

/** One thing that was looked at. */
export interface Finding {
  readonly what: string;
  readonly isGood: boolean;
  readonly detail: string;
}

const say = (line: string): void => void process.stdout.write(`${line}\n`);

process.exitCode = await main(process.argv.slice(2));

async function main([option, value]: readonly string[]): Promise<number> {
  const seconds = option === undefined ? 60 : Number(value);
  if ((option !== undefined && option !== "--seconds") || !(seconds >= 5)) {
    process.stderr.write("usage: npm run test:peers [-- --seconds N]   (at least 5; default 60)\n");
    return 2;
  }
  const prometheus = programOf("prometheus");
  if (prometheus === null) {
    process.stderr.write("prometheus is not installed: apt-get install prometheus\n");
    return 2;
  }
  say(`for ${seconds} s each: Prometheus scrapes the shop; an OTLP collector is away`);
  const findings = [...(await scrape(prometheus, seconds)), ...(await collect(seconds))];
  for (const { what, isGood, detail } of findings)
    say(`${isGood ? "ok  " : "FAIL"} ${what}: ${detail}`);
  const failed = findings.filter(({ isGood }) => !isGood).length;
  say(`${findings.length - failed} passed, ${failed} failed`);
  return failed === 0 ? 0 : 1;
}

function programOf(name: string): string | null {
  const folders = (process.env["PATH"] ?? "").split(path.delimiter);
  return folders.map((folder) => path.join(folder, name)).find((file) => existsSync(file)) ?? null;
}
