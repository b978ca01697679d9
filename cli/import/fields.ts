// Owns reading a foreign document: what is read is remembered, so that what nobody read can be told.
import type { Segment } from "../commands/documents.ts";

/** One object of a document, with the path that leads to it. */
export interface Fields {
  readonly at: readonly Segment[];
  has(name: string): boolean;
  /** The value as it is; reading it so counts as understanding all of it. */
  raw(name: string): unknown;
  text(name: string): string | undefined;
  number(name: string): number | undefined;
  object(name: string): Fields | undefined;
  objects(name: string): readonly Fields[];
  texts(name: string): readonly string[];
  /** A map of objects. */
  entries(name: string): readonly (readonly [key: string, fields: Fields])[];
  /** A map of texts. */
  pairs(name: string): readonly (readonly [key: string, value: string])[];
  /** Tells of a field that was understood and cannot be said. */
  lacks(name: string, why: string): void;
  /** Tells of every field that nobody read, here and below. */
  tellUnread(): void;
}

/** Told of one field. */
export type Tell = (at: readonly Segment[], message: string) => void;

type Value = Readonly<Record<string, unknown>>;

/** Reads an object; what is none has no fields. */
export function readFields(value: unknown, at: readonly Segment[], tell: Tell): Fields {
  const own: Value = isObject(value) ? value : {};
  const read = new Set<string>();
  const below = new Map<string, Fields>();
  const take = (name: string): unknown => {
    read.add(name);
    return Object.hasOwn(own, name) ? own[name] : undefined;
  };
  const child = (inner: unknown, path: readonly Segment[]): Fields => {
    const key = JSON.stringify(path);
    const made = below.get(key) ?? readFields(inner, [...at, ...path], tell);
    below.set(key, made);
    return made;
  };
  const mapOf = (name: string): readonly (readonly [string, unknown])[] => {
    const inner = take(name);
    return isObject(inner) ? Object.entries(inner) : [];
  };
  const listOf = (name: string): readonly unknown[] => {
    const inner = take(name);
    return Array.isArray(inner) ? (inner as readonly unknown[]) : [];
  };
  return {
    at,
    has: (name) => Object.hasOwn(own, name) && own[name] !== null && own[name] !== undefined,
    raw: take,
    text: (name) => toText(take(name)),
    number: (name) => toNumber(take(name)),
    object(name) {
      const inner = take(name);
      return isObject(inner) ? child(inner, [name]) : undefined;
    },
    objects: (name) => listOf(name).map((item, index) => child(item, [name, index])),
    texts: (name) => listOf(name).flatMap((item) => toText(item) ?? []),
    entries: (name) => mapOf(name).map(([key, inner]) => [key, child(inner, [name, key])]),
    pairs: (name) => mapOf(name).map(([key, inner]) => [key, toText(inner) ?? ""]),
    lacks: (name, why) => tell([...at, name], why),
    tellUnread() {
      for (const name of Object.keys(own)) {
        if (!read.has(name)) tell([...at, name], "has no counterpart");
      }
      for (const one of below.values()) one.tellUnread();
    },
  };
}

const isObject = (value: unknown): value is Value =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const toText = (value: unknown): string | undefined =>
  ["string", "number", "boolean"].includes(typeof value) ? String(value) : undefined;

function toNumber(value: unknown): number | undefined {
  const number = typeof value === "string" && value !== "" ? Number(value) : value;
  return typeof number === "number" && Number.isFinite(number) ? number : undefined;
}
