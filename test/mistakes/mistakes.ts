// Owns making meshes with one mistake each, or none, and asking whether `heddle analyze` finds it where it is.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { stringify } from "yaml";
import type { CheckCode } from "../../cli/analyze/check.ts";
import { findMistakes } from "../../cli/analyze/load.ts";
import { parseDocuments } from "../../cli/commands/documents.ts";
import { displayPath } from "../../cli/project/project-error.ts";
import { seeded } from "../conformance/load.ts";
import { type Draft, drawMesh, type Random } from "./draft.ts";
import { EDITS, type Place } from "./edits.ts";

/** How many meshes one run makes at least, so that every check is drawn; one in five is unharmed. */
const LEAST = 40;
const UNHARMED = 5;

/** What came of one mesh. */
export interface Outcome {
  readonly mesh: string;
  /** Null for an unharmed one. */
  readonly mistake: CheckCode | null;
  readonly file: string | null;
  readonly line: number | null;
  readonly found: readonly {
    readonly code: string;
    readonly where: string;
    readonly message: string;
  }[];
  readonly isRight: boolean;
}

/** Makes the meshes of a seed below a folder and has each analyzed. */
export async function runMistakes(seed: number, folder: string): Promise<readonly Outcome[]> {
  const random = seeded(seed);
  const codes = Object.keys(EDITS) as CheckCode[];
  const drawn = codes.toSorted(() => random() - 0.5);
  const outcomes: Outcome[] = [];
  let harmed = 0;
  const meshes = Math.max(LEAST, Math.ceil((codes.length * UNHARMED) / (UNHARMED - 1)));
  for (let index = 0; index < meshes; index++) {
    const isHarmed = index % UNHARMED !== 0;
    const mistake = isHarmed ? (drawn[harmed++ % drawn.length] ?? null) : null;
    const dir = path.join(folder, String(index));
    outcomes.push(await runOne(dir, mistake, random));
  }
  return outcomes;
}

async function runOne(dir: string, mistake: CheckCode | null, random: Random): Promise<Outcome> {
  const draft = drawMesh(random);
  const place = mistake === null ? null : EDITS[mistake](draft, random);
  rmSync(dir, { recursive: true, force: true });
  write(dir, draft);
  const where = place && locate(dir, place);
  const io = { cwd: dir, stdin: () => Promise.resolve("") };
  const found = await findMistakes(io, { project: "." }, [], Date.parse("2026-06-01T00:00:00Z"));
  const isFound = found.some(
    (one) => one.code === mistake && where !== null && one.where.startsWith(`${where}:`),
  );
  return {
    mesh: dir,
    mistake,
    file: where?.replace(/:\d+$/, "") ?? null,
    line: where === null ? null : Number(where.slice(where.lastIndexOf(":") + 1)),
    found: found.map(({ code, where: at, message }) => ({ code, where: at, message })),
    isRight: mistake === null ? found.length === 0 : isFound,
  };
}

function write(dir: string, { mesh, files, workers }: Draft): void {
  const spec = {
    ...mesh.spec,
    workers: workers.map(({ name, namespace, labels }) => ({
      path: `workers/${name}`,
      name,
      namespace,
      labels,
    })),
    resources: ["mesh/"],
  };
  put(dir, "mesh.yaml", stringify({ ...mesh, spec }));
  for (const [file, documents] of Object.entries(files))
    put(dir, file, documents.map((one) => stringify(one)).join("---\n"));
  for (const { name, services } of workers) {
    const bindings = Object.entries(services).map(([binding, service]) => ({ binding, service }));
    const config = { name, main: "index.js", compatibility_date: "2026-10-20", services: bindings };
    put(dir, `workers/${name}/wrangler.json`, `${JSON.stringify(config, null, 2)}\n`);
    put(dir, `workers/${name}/index.js`, MODULE);
  }
}

const MODULE = `import { WorkerEntrypoint } from "cloudflare:workers";
export class Ledger extends WorkerEntrypoint {
  async charge(amount) {
    return amount;
  }
  refund() {}
}
export default { fetch: () => new Response() };
`;

function put(dir: string, file: string, text: string): void {
  mkdirSync(path.dirname(path.join(dir, file)), { recursive: true });
  writeFileSync(path.join(dir, file), text);
}

/** `file:line` of a place, read from what was written. */
function locate(dir: string, place: Place): string {
  const file = path.join(dir, place.file);
  const text = readFileSync(file, "utf8");
  const shown = displayPath(file);
  if ("text" in place) {
    const line = text.split("\n").findIndex((one) => one.includes(place.text)) + 1;
    return `${shown}:${line}`;
  }
  const document = parseDocuments(shown, text).documents[place.document];
  return (document?.where(place.path) ?? "").replace(/:\d+$/, "");
}
