// Reads the part of Structured Fields (RFC 9651) that signatures and digests are written in: dictionaries of inner
// lists or byte sequences, with parameters. Anything else is refused, and nothing is guessed. What is signed of them is
// their strict serialization: whoever passes a message on may write its fields anew.

/** A bare item: byte sequences are bytes, tokens are wrapped so that they are no strings. */
export type BareItem = string | number | boolean | Uint8Array | { readonly token: string };
export type Parameters = ReadonlyMap<string, BareItem>;

export interface Item {
  readonly value: BareItem;
  readonly parameters: Parameters;
}

/** A member of a dictionary; `text` is its value in strict serialization (RFC 9651 section 4.1). */
export interface Member {
  readonly items: readonly Item[];
  /** Whether it is an inner list rather than one item. */
  readonly isList: boolean;
  readonly parameters: Parameters;
  readonly text: string;
}

const KEY = /[a-z*][a-z0-9_.*-]*/y;
const STRING = /"(?:[\x20\x21\x23-\x5b\x5d-\x7e]|\\["\\])*"/y;
const BYTES = /:[A-Za-z0-9+/]*={0,2}:/y;
const NUMBER = /-?\d{1,15}(?![\d.])/y;
const TOKEN = /[A-Za-z*][!#$%&'*+.^_`|~0-9A-Za-z:/-]*/y;
const SPACES = / +/y;
const COMMA = /[ \t]*,[ \t]*/y;
/** Most members, and items of one list, that are read. */
const MOST = 64;

/** Reads a dictionary (RFC 9651 section 4.2.2); null where it is none. A key named twice is refused. */
export function parseDictionary(text: string): ReadonlyMap<string, Member> | null {
  const reader = new Reader(text.trim());
  const members = new Map<string, Member>();
  try {
    while (!reader.isAtEnd) {
      if (members.size > 0) reader.take(COMMA);
      const key = reader.take(KEY);
      if (members.has(key) || members.size >= MOST) return null;
      members.set(key, reader.member(reader.find(/=/y) !== null));
    }
  } catch {
    return null;
  }
  return members;
}

/** A string or a key as it is written in a field. */
export const quoted = (text: string): string =>
  `"${text.replaceAll("\\", "\\\\").replaceAll('"', String.raw`\"`)}"`;

/** An item with its parameters in strict serialization. */
export const itemText = ({ value, parameters }: Item): string =>
  bareText(value) + parametersText(parameters);

const parametersText = (parameters: Parameters): string =>
  [...parameters]
    .map(([key, value]) => (value === true ? `;${key}` : `;${key}=${bareText(value)}`))
    .join("");

function bareText(value: BareItem): string {
  if (typeof value === "string") return quoted(value);
  if (typeof value !== "object") return value === false ? "?0" : value === true ? "?1" : `${value}`;
  return "token" in value ? value.token : `:${toBase64(value)}:`;
}

/** Base64 with padding, as byte sequences of headers have it. */
export const toBase64 = (bytes: Uint8Array): string =>
  btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));

class Reader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#text.length;
  }

  /** What the pattern finds here; throws where it finds nothing. */
  take(pattern: RegExp): string {
    const found = this.find(pattern);
    if (found === null) throw new SyntaxError(`unexpected at ${this.#at}`);
    return found;
  }

  find(pattern: RegExp): string | null {
    pattern.lastIndex = this.#at;
    const [found = null] = pattern.exec(this.#text) ?? [];
    if (found !== null) this.#at += found.length;
    return found;
  }

  /** A member that is named without a value is true. */
  member(hasValue: boolean): Member {
    const isList = hasValue && this.find(/\(/y) !== null;
    const value = isList || (hasValue ? this.bare() : true);
    const items = isList ? this.list() : [{ value, parameters: new Map() }];
    const parameters = this.parameters();
    const texts = items.map(itemText).join(" ");
    const text = (isList ? `(${texts})` : texts) + parametersText(parameters);
    return { items, isList, parameters, text };
  }

  list(): readonly Item[] {
    const items: Item[] = [];
    this.find(SPACES);
    while (this.find(/\)/y) === null) {
      if (items.length >= MOST) throw new SyntaxError("too many items");
      items.push({ value: this.bare(), parameters: this.parameters() });
      if (this.find(SPACES) === null && this.#text[this.#at] !== ")")
        throw new SyntaxError(`unexpected at ${this.#at}`);
    }
    return items;
  }

  parameters(): Parameters {
    const found = new Map<string, BareItem>();
    while (this.find(/;/y) !== null) {
      this.find(SPACES);
      const key = this.take(KEY);
      if (found.has(key)) throw new SyntaxError(`parameter ${key} twice`);
      found.set(key, this.find(/=/y) === null ? true : this.bare());
    }
    return found;
  }

  bare(): BareItem {
    const string = this.find(STRING);
    if (string !== null) return string.slice(1, -1).replaceAll(/\\(["\\])/g, "$1");
    const bytes = this.find(BYTES);
    if (bytes !== null) return bytesOf(bytes.slice(1, -1));
    const number = this.find(NUMBER);
    if (number !== null) return Number(number);
    if (this.find(/\?[01]/y) !== null) return this.#text[this.#at - 1] === "1";
    return { token: this.take(TOKEN) };
  }
}

/** In its one spelling: what could be written otherwise could be changed under a signature. */
function bytesOf(base64: string): Uint8Array {
  const binary = atob(base64);
  if (btoa(binary) !== base64) throw new SyntaxError("base64 in another spelling");
  return Uint8Array.from(binary, (char) => char.charCodeAt(0));
}
