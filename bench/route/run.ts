// `npm run bench -- route [-o json]`. Prints ratios; absolute times mean nothing on a shared machine.
import { parseArgs } from "node:util";
import { measureRoutes, type RouteReport } from "./measure.ts";

const USAGE = `Usage: npm run bench -- route [options]

CPU of matching among 10,000 rules over 10, and over rou3; of a fresh isolate's first request; of compiling them, and
of compiling one change.

Options:
  -o, --output json   the report as one object on the last line of stdout
  --rounds N          paired rounds (default 40)

Examples:
  npm run bench -- route
  npm run bench -- route -o json`;

const { values } = parseArgs({
  options: {
    output: { type: "string", short: "o" },
    rounds: { type: "string", default: "40" },
    help: { type: "boolean", short: "h", default: false },
  },
});

if (values.help) console.log(USAGE);
else {
  const report = await measureRoutes(Number(values.rounds), (line) => console.error(line));
  console.log(values.output === "json" ? JSON.stringify(report) : routeTable(report));
}

function routeTable({ rounds, shapes, ...compile }: RouteReport): string {
  const rows = Object.entries(shapes).map(
    ([shape, { growth, overRou3, nsPerMatch, firstMs }]) =>
      `  ${shape.padEnd(10)}over 10 rules ${growth}  over rou3 ${overRou3}  (${nsPerMatch} ns)  first request by join ${firstMs.join} ms, from KV ${firstMs.kv} ms`,
  );
  return [
    `CPU per match among 10,000 rules, medians of ${rounds} paired rounds`,
    ...rows,
    `Compiling 10,000 routes over JSON.parse of their manifests: ${compile.compileOverParse} (${compile.compileMs} ms)`,
    `Compiling a changed rule over compiling all: ${compile.changeOverCompile}; a route with another hostname: ${compile.moveOverCompile}`,
  ].join("\n");
}
