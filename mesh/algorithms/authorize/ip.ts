// Owns whether an address lies in a block (RFC 4632, RFC 4291); an IPv4 address is its IPv4-mapped IPv6 one.

const PART = /^[0-9a-f]{1,4}$/i;
const DECIMAL = /^(0|[1-9]\d{0,2})$/;
const V6_BITS = 128;
const V4_BITS = 32;

/** The address as 128 binary digits, or null where it is none. */
export function toBits(address: string): string | null {
  if (!address.includes(":")) {
    const v4 = v4Bits(address);
    return v4 === null ? null : `${"0".repeat(80)}${"1".repeat(16)}${v4}`;
  }
  const halves = address.split("::");
  if (halves.length > 2) return null;
  const [head = [], tail] = halves.map(v6Parts);
  if (head === null || tail === null) return null;
  const missing = 8 - head.length - (tail?.length ?? 0);
  if (tail === undefined ? missing !== 0 : missing < 1) return null;
  const parts = [...head, ...Array.from({ length: missing }, () => 0), ...(tail ?? [])];
  return parts.map((part) => part.toString(2).padStart(16, "0")).join("");
}

function v4Bits(address: string): string | null {
  const parts = address.split(".");
  const isSound = parts.length === 4 && parts.every((part) => DECIMAL.test(part) && +part < 256);
  return isSound ? parts.map((part) => (+part).toString(2).padStart(8, "0")).join("") : null;
}

function v6Parts(half: string, at: number, halves: readonly string[]): number[] | null {
  if (half === "") return [];
  const parts = half.split(":");
  const last = parts.at(-1) ?? "";
  // An IPv4 part is the end of an address, never its beginning.
  if (last.includes(".") && halves[at + 1] === undefined) {
    const v4 = v4Bits(last);
    if (v4 === null) return null;
    const words = [v4.slice(0, 16), v4.slice(16)].map((word) => Number.parseInt(word, 2));
    parts.splice(-1, 1, ...words.map((word) => word.toString(16)));
  }
  return parts.every((part) => PART.test(part))
    ? parts.map((part) => Number.parseInt(part, 16))
    : null;
}

/** The leading bits of a block such as `10.0.0.0/8` that its addresses share, or null where it is none. */
export function blockBits(block: string): string | null {
  const [address = "", length, more] = block.split("/");
  const bits = toBits(address);
  if (bits === null || more !== undefined) return null;
  const most = address.includes(":") ? V6_BITS : V4_BITS;
  if (length === undefined) return bits;
  if (!DECIMAL.test(length) || Number(length) > most) return null;
  return bits.slice(0, V6_BITS - most + Number(length));
}

/** Whether the address lies in the block; false where either is none. */
export function liesIn(address: string, block: string): boolean {
  const bits = toBits(address);
  const shared = blockBits(block);
  return bits !== null && shared !== null && bits.startsWith(shared);
}
