// Plain `wrangler deploy --dry-run` in a folder, and what it would upload.
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { text } from "node:stream/consumers";
import path from "node:path";
import process from "node:process";

const WRANGLER = path.resolve("node_modules/wrangler/bin/wrangler.js");

export interface DryRun {
  readonly status: number;
  readonly said: string;
  /** Parts of the upload by name: `metadata`, and every module. */
  readonly parts: ReadonlyMap<string, File | string>;
}

/** Runs it without naming a wrangler file, as a user would. */
export async function dryRun(dir: string, ...args: readonly string[]): Promise<DryRun> {
  const form = path.join(dir, ".form");
  const child = spawn(
    process.execPath,
    [WRANGLER, "deploy", "--dry-run", "--outfile", form, ...args],
    {
      cwd: dir,
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, NODE_COMPILE_CACHE: path.resolve(".heddle/cache/node") },
    },
  );
  const ended = new Promise<number>((resolve) => {
    child.once("close", (code) => resolve(code ?? 1));
  });
  const [status, out, err] = await Promise.all([ended, text(child.stdout), text(child.stderr)]);
  const said = `${out}${err}`;
  if (status !== 0) return { status, said, parts: new Map() };
  const bytes = readFileSync(form);
  const boundary = bytes.toString("latin1").split("\r\n", 1)[0]?.slice(2) ?? "";
  const data = await new Response(bytes, {
    headers: { "content-type": `multipart/form-data; boundary=${boundary}` },
  }).formData();
  return { status, said, parts: new Map(data.entries()) };
}

/** The text of one part; empty when there is none. */
export const textOf = async (part: File | string | undefined): Promise<string> =>
  part instanceof File ? await part.text() : (part ?? "");
