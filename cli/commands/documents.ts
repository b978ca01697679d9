// Owns reading resources from files, folders and stdin, and where in them each value stands.
import { readFileSync, readdirSync, statSync } from "node:fs";
import path from "node:path";
import { isMap, isNode, isScalar, isSeq, LineCounter, parseAllDocuments, visit } from "yaml";
import type { Document, Node } from "yaml";
import { CliError, EXIT, type Complaint } from "../exit.ts";
import type { Io } from "../io.ts";

export type Segment = string | number;

/** One YAML or JSON document as it was written. */
export interface SourceDocument {
  readonly value: unknown;
  /** `file:line:column` of the value at a path, or of the nearest one above it that exists. */
  readonly where: (at: readonly Segment[]) => string;
}

const EXTENSIONS = new Set([".yaml", ".yml", ".json"]);

/** Reads all documents of the `-f` arguments: a file, a folder (all YAML and JSON files below it, by name), or `-`. */
export async function readDocuments(
  io: Pick<Io, "cwd" | "stdin">,
  sources: readonly string[],
): Promise<readonly SourceDocument[]> {
  const documents: SourceDocument[] = [];
  const complaints: Complaint[] = [];
  for (const source of sources) {
    for (const { name, text } of await textsOf(io, source)) {
      const parsed = parseDocuments(name, text);
      documents.push(...parsed.documents);
      complaints.push(...parsed.complaints);
    }
  }
  if (complaints.length > 0) throw new CliError(EXIT.failed, complaints);
  if (documents.length === 0) {
    throw new CliError(EXIT.failed, {
      message: `no resource in ${sources.join(", ")}`,
      mend: "A file holds one or more YAML documents with apiVersion, kind and metadata.",
    });
  }
  return documents;
}

/** Parses one text; every syntax error and doubled key is a complaint with its line. */
export function parseDocuments(
  name: string,
  text: string,
): { documents: readonly SourceDocument[]; complaints: readonly Complaint[] } {
  const lines = new LineCounter();
  const parsed = parseAllDocuments(text, { lineCounter: lines, prettyErrors: false });
  const documents: SourceDocument[] = [];
  const complaints: Complaint[] = [];
  for (const document of Array.isArray(parsed) ? parsed : []) {
    const mistake = mistakeIn(document);
    if (mistake) {
      complaints.push({
        message: `malformed YAML: ${mistake.message}`,
        where: position(name, lines, mistake.offset),
      });
    } else if (document.toJS() !== null) {
      documents.push(...unfold(document, name, lines));
    }
  }
  return { documents, complaints };
}

/** The first thing for which a document has no value, or none that could be sent. */
function mistakeIn(document: Document.Parsed): { message: string; offset: number } | undefined {
  const [error] = document.errors;
  if (error) return { message: error.message, offset: error.pos[0] };
  let found: { message: string; offset: number } | undefined;
  visit(document, {
    Alias(_key, alias, above) {
      const named = alias.resolve(document);
      if (named !== undefined && !above.includes(named)) return undefined;
      const lacks = named ? "stands inside its own anchor" : "has no anchor before it";
      found = { message: `*${alias.source} ${lacks}`, offset: startOf(alias) ?? 0 };
      return visit.BREAK;
    },
  });
  if (found) return found;
  try {
    document.toJS();
    return undefined;
  } catch (thrown) {
    // Aliases of aliases that would unfold without end.
    return { message: reasonOf(thrown), offset: startOf(document.contents) ?? 0 };
  }
}

/** A `kind: List` stands for its items. */
function unfold(document: Document.Parsed, name: string, lines: LineCounter): SourceDocument[] {
  const where =
    (prefix: readonly Segment[]) =>
    (at: readonly Segment[]): string =>
      position(name, lines, offsetOf(document.contents, [...prefix, ...at]));
  const value: unknown = document.toJS();
  const items = listItems(value);
  if (!items) return [{ value, where: where([]) }];
  return items.map((item, index) => ({ value: item, where: where(["items", index]) }));
}

function listItems(value: unknown): readonly unknown[] | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const { kind, items } = value as { kind?: unknown; items?: unknown };
  return kind === "List" && Array.isArray(items) ? (items as readonly unknown[]) : undefined;
}

/** Offset of the key or item at `at`; where the path leaves what was written, of its last part that is there. */
function offsetOf(root: Node | null, at: readonly Segment[]): number {
  let node: unknown = root;
  let offset = startOf(root) ?? 0;
  for (const segment of at) {
    const step = stepInto(node, segment);
    if (!step) return offset;
    offset = startOf(step.at) ?? offset;
    node = step.value;
  }
  return offset;
}

/** The node a segment leads to, and the one to point at: a key, or an item itself. */
function stepInto(node: unknown, segment: Segment): { at: unknown; value: unknown } | undefined {
  if (isSeq(node)) {
    const item = node.items[Number(segment)];
    return item === undefined ? undefined : { at: item, value: item };
  }
  if (!isMap(node)) return undefined;
  const pair = node.items.find(({ key }) => isScalar(key) && String(key.value) === String(segment));
  return pair && { at: pair.key, value: pair.value };
}

const startOf = (node: unknown): number | undefined => (isNode(node) ? node.range?.[0] : undefined);

function position(name: string, lines: LineCounter, offset: number): string {
  const { line, col } = lines.linePos(offset);
  return `${name}:${line}:${col}`;
}

async function textsOf(
  io: Pick<Io, "cwd" | "stdin">,
  source: string,
): Promise<readonly { name: string; text: string }[]> {
  if (source === "-") return [{ name: "<stdin>", text: await io.stdin() }];
  const full = path.resolve(io.cwd, source);
  try {
    if (!statSync(full).isDirectory()) return [{ name: source, text: readFileSync(full, "utf8") }];
    const names = readdirSync(full, { recursive: true, encoding: "utf8" }).filter((name) =>
      EXTENSIONS.has(path.extname(name)),
    );
    return names
      .sort()
      .map((name) => path.join(source, name))
      .map((name) => ({ name, text: readFileSync(path.resolve(io.cwd, name), "utf8") }));
  } catch (error) {
    throw new CliError(
      EXIT.failed,
      { message: `cannot read ${source}: ${reasonOf(error)}` },
      error,
    );
  }
}

function reasonOf(error: unknown): string {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  if (code === "ENOENT") return "no such file or folder";
  if (code === "EACCES") return "permission denied";
  return error instanceof Error ? error.message : String(error);
}
