// Owns the checks of hashing: movement and evenness as measured, and the properties in words.
import { fnv } from "../../../mesh/algorithms/hash/fnv.ts";
import { buildMaglev, pickMaglev } from "../../../mesh/algorithms/hash/maglev.ts";
import { buildRing, type Hashed, pickRing } from "../../../mesh/algorithms/hash/ring.ts";
import type { Check } from "./check.ts";

const KEYS = Array.from({ length: 20_000 }, (_, index) => `key-${index}`);
const REMOVALS = 3;

/** The names of the hosts that keys belong to. */
type Owners = (hosts: readonly Hashed[]) => readonly string[];

interface Measured {
  readonly algorithm: string;
  readonly hosts: number;
  readonly ideal_moved: number;
  readonly moved_on_removal_mean: number;
  readonly moved_although_owner_stayed_max: number;
  readonly max_over_mean: number;
}

interface Property {
  readonly property: string;
  readonly bound: string;
}

/** The checks of one document of schema meshhash/1. */
export function hashingChecks(document: Readonly<Record<string, unknown>>): readonly Check[] {
  const measured = (document["measured"] ?? []) as readonly Measured[];
  const properties = (document["properties"] ?? []) as readonly Property[];
  return [...measured.map(checkMeasured), ...properties.map(checkProperty)];
}

const everywhere = (): boolean => true;

const ring =
  (points: (hosts: number) => number): Owners =>
  (hosts) => {
    const built = buildRing(hosts, points(hosts.length));
    return KEYS.map((key) => hosts[pickRing(built, fnv(key), everywhere)]?.id ?? "");
  };

const maglev =
  (size: number): Owners =>
  (hosts) => {
    const table = buildMaglev(hosts, size);
    return KEYS.map((key) => hosts[pickMaglev(table, fnv(key), everywhere)]?.id ?? "");
  };

function algorithmNamed(name: string): Owners | null {
  const [, perHost] = /^ring-(\d+)-points-per-host$/.exec(name) ?? [];
  if (perHost !== undefined) return ring(() => Number(perHost));
  const [, all] = /^ring-(\d+)-total$/.exec(name) ?? [];
  if (all !== undefined) return ring((hosts) => Math.ceil(Number(all) / hosts));
  const [, size] = /^maglev-(\d+)$/.exec(name) ?? [];
  return size === undefined ? null : maglev(Number(size));
}

const hostsOf = (count: number): readonly Hashed[] =>
  Array.from({ length: count }, (_, index) => ({ id: `host-${index}`, weight: 1 }));

function checkMeasured(row: Measured): Check {
  const title = `${row.algorithm}, ${row.hosts} hosts`;
  const owners = algorithmNamed(row.algorithm);
  if (owners === null) return { title, detail: [`no such algorithm: ${row.algorithm}`] };
  const hosts = hostsOf(row.hosts);
  const before = owners(hosts);
  const removals = hosts
    .slice(0, REMOVALS)
    .map((gone) => movement(before, owners(hosts.filter((host) => host !== gone)), gone.id));
  const moved = removals.reduce((sum, one) => sum + one.moved, 0) / removals.length;
  const foreign = Math.max(...removals.map((one) => one.foreign));
  // Another hash spreads otherwise: a fixed-size ring moves what its points happen to, all else what it must.
  const isFixedSize = row.algorithm.endsWith("-total");
  const spare = isFixedSize ? 0.12 : 0.03 + row.ideal_moved * 0.2;
  const allowed = isFixedSize ? 0.12 : row.algorithm.startsWith("maglev") ? 0.01 : 0;
  const busiest = Math.max(...sharesOf(before, hosts)) * row.hosts;
  const evenness = 1 + (row.max_over_mean - 1) * 1.5 + 0.05;
  return {
    title,
    detail: [
      ...above("moved on removal", Math.abs(moved - row.ideal_moved), spare),
      ...above("moved although their host stayed", foreign, allowed),
      ...above("busiest over mean", busiest, evenness),
    ],
  };
}

const above = (what: string, got: number, most: number): string[] =>
  got <= most ? [] : [`${what}: expected at most ${most.toFixed(4)}, got ${got.toFixed(4)}`];

function movement(before: readonly string[], after: readonly string[], gone: string) {
  const changed = before.filter((owner, index) => owner !== after[index]);
  return {
    moved: changed.length / before.length,
    foreign: changed.filter((owner) => owner !== gone).length / before.length,
  };
}

const sharesOf = (owners: readonly string[], hosts: readonly Hashed[]): number[] =>
  hosts.map(({ id }) => owners.filter((owner) => owner === id).length / owners.length);

const perHost = ring(() => 100);
const table = maglev(65_537);

/** By what a property says; the first that fits checks it. */
const PROPERTIES: readonly (readonly [RegExp, () => readonly string[]])[] = [
  [
    /another order/,
    () => [perHost, table].flatMap((owners) => same(owners, hostsOf(7).toReversed())),
  ],
  [/leaves; keys whose host stayed/, () => above("moved", leaving(perHost, 10).foreign, 0)],
  [/one host joins/, joining],
  [
    /fixed total size/,
    () =>
      above(
        "moved",
        leaving(
          ring((n) => Math.ceil(1024 / n)),
          10,
        ).foreign,
        0.12,
      ),
  ],
  [/share of moved keys when one of N leaves/, () => leavingShare()],
  [/Maglev 65537: keys that move/, () => above("moved", leaving(table, 20).foreign, 0.01)],
  [/weights 1:2/, weighted],
  [
    /down, then up again/,
    () => [perHost, table].flatMap((owners) => same(owners, [...hostsOf(7)])),
  ],
];

function checkProperty({ property, bound }: Property): Check {
  const found = PROPERTIES.find(([pattern]) => pattern.test(property));
  const title = `${property}: ${bound}`;
  return { title, detail: found ? found[1]() : ["this runner does not know the property"] };
}

function leaving(owners: Owners, count: number): { moved: number; foreign: number } {
  const hosts = hostsOf(count);
  return movement(owners(hosts), owners(hosts.slice(1)), "host-0");
}

function leavingShare(): readonly string[] {
  const hosts = hostsOf(10);
  const had = sharesOf(perHost(hosts), hosts)[0] ?? 0;
  const { moved } = leaving(perHost, 10);
  return moved === had ? [] : [`expected exactly ${had}, got ${moved}`];
}

function joining(): readonly string[] {
  const before = perHost(hostsOf(9));
  const after = perHost(hostsOf(10));
  const others = after.filter((owner, index) => owner !== before[index] && owner !== "host-9");
  return above("other moves", others.length, 0);
}

function same(owners: Owners, hosts: readonly Hashed[]): readonly string[] {
  const wanted = owners(hostsOf(7));
  owners(hostsOf(6));
  const got = owners(hosts);
  return above("keys that differ", wanted.filter((owner, index) => owner !== got[index]).length, 0);
}

function weighted(): readonly string[] {
  const entries = buildMaglev([
    { id: "a", weight: 1 },
    { id: "b", weight: 2 },
  ]);
  const first = entries.filter((owner) => owner === 0).length;
  const counts = `${first} and ${entries.length - first}`;
  return counts === "21846 and 43691" ? [] : [`expected 21846 and 43691, got ${counts}`];
}
