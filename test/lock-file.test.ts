// `npm ci` must work for anybody, on any platform, from any registry: what package-lock.json has to be for that.
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";

interface LockEntry {
  readonly version?: string;
  readonly resolved?: string;
  readonly integrity?: string;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

const root = new URL("..", import.meta.url);
const read = (name: string): unknown => JSON.parse(readFileSync(new URL(name, root), "utf8"));
const { packages } = read("package-lock.json") as { packages: Record<string, LockEntry> };
const manifest = read("package.json") as Record<string, Record<string, string> | undefined>;

/** Where npm would look for `name` when `from` asks for it: beside `from`, then further up. */
function places(from: string, name: string): readonly string[] {
  const found: string[] = [];
  for (let dir = from; ; dir = dir.slice(0, Math.max(0, dir.lastIndexOf("node_modules/")))) {
    const inside = dir === "" || dir.endsWith("/") ? dir : `${dir}/`;
    found.push(
      `${inside}node_modules/${name}`.replace("node_modules/node_modules/", "node_modules/"),
    );
    if (dir === "") return found;
  }
}

describe("package-lock.json", () => {
  it("has an entry for every optional dependency that it names", () => {
    const missing = Object.entries(packages).flatMap(([from, entry]) =>
      Object.keys(entry.optionalDependencies ?? {})
        .filter((name) => !places(from, name).some((place) => place in packages))
        .map((name) => `${from} -> ${name}`),
    );
    expect(missing).toEqual([]);
  });

  it("names no registry", () => {
    const resolved = Object.keys(packages).filter((where) => packages[where]?.resolved);
    expect(resolved).toEqual([]);
  });

  it("has an integrity for every package", () => {
    const loose = Object.keys(packages).filter((where) => where && !packages[where]?.integrity);
    expect(loose).toEqual([]);
  });

  it("pins every direct dependency to one version", () => {
    const kinds = ["dependencies", "devDependencies", "optionalDependencies"];
    const ranges = kinds
      .flatMap((kind) => Object.entries(manifest[kind] ?? {}))
      .filter(([name, range]) => packages[`node_modules/${name}`]?.version !== range);
    expect(ranges).toEqual([]);
  });
});
