// Compile in, compile out: every `*.in.yaml` has its `*.out.json`; UPDATE_GOLDEN=1 writes them anew.
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { expect, it } from "vitest";
import { parseAllDocuments } from "yaml";
import { type Compiled, compile } from "../../control/compile/compile.ts";
import { toStored } from "./stored.ts";

const folder = import.meta.dirname;
const inputs = readdirSync(folder).filter((file) => file.endsWith(".in.yaml"));

for (const input of inputs) {
  it(input.replace(".in.yaml", ""), () => {
    const documents = parseAllDocuments(readFileSync(`${folder}/${input}`, "utf8"));
    const resources = documents.map((document) => toStored(document.toJS()));
    const compiled = compile({ resources, version: 2, previous: 1, nowMs: 1_767_225_600_000 });
    const text = `${JSON.stringify(readable(compiled), null, 1)}\n`;
    const output = `${folder}/${input.replace(".in.yaml", ".out.json")}`;
    if (process.env["UPDATE_GOLDEN"]) writeFileSync(output, text);
    expect(JSON.parse(text)).toEqual(JSON.parse(readFileSync(output, "utf8")));
  });
}

it("has cases", () => expect(inputs.length).toBeGreaterThan(5));

/** Chunks parsed, hashes and times left out, conditions one line each. */
function readable({ directory, chunks, statuses }: Compiled): unknown {
  const decoder = new TextDecoder();
  const ids = Object.keys(directory.chunks);
  return {
    directory: { ...directory, chunks: undefined },
    chunks: Object.fromEntries(ids.map((id, at) => [id, JSON.parse(decoder.decode(chunks[at]))])),
    statuses: Object.fromEntries(
      statuses.map(({ kind, namespace, name, status }) => [
        `${kind} ${namespace}/${name}`,
        JSON.parse(JSON.stringify(status), (key, value: unknown) =>
          key === "conditions" && Array.isArray(value) ? value.map(line) : value,
        ),
      ]),
    ),
  };
}

const line = (condition: Record<string, string>): string => {
  const { type, status, reason, message } = condition;
  return `${type}=${status} ${reason}: ${message}`;
};
