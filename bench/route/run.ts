// `npm run bench -- route [-o json]`. Prints ratios; absolute times mean nothing on a shared machine.
import { readOptions } from "../options.ts";
import { measureRoutes, type RouteReport } from "./measure.ts";

const options = readOptions({
  name: "route",
  about: `CPU of matching among 10,000 rules over 10, and over rou3; of a fresh isolate's first request; of compiling them, and
of compiling one change.`,
  rounds: 40,
});

if (options !== null) {
  const report = await measureRoutes(options.rounds, (line) => console.error(line));
  console.log(options.isJson ? JSON.stringify(report) : routeTable(report));
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
