// Owns where one HTTP/1.1 request ends and the next begins in the bytes of a connection.
// It changes nothing but the head: the headers to add go in after the request line, and what a client
// sent under their names is dropped. Bodies pass as they came, chunk framing and all.

/** What a listener may look at before it chooses a target. */
export interface RequestHead {
  readonly method: string;
  /** As sent: not decoded, not normalised. */
  readonly path: string;
  /** In order, duplicates kept, names as sent. */
  readonly headers: readonly (readonly [name: string, value: string])[];
}

export type Piece =
  | {
      readonly kind: "head";
      readonly head: RequestHead;
      /** It asks for a WebSocket: what follows is held until `resume`. */
      readonly isUpgrade: boolean;
      readonly bytes: Buffer;
    }
  | { readonly kind: "body"; readonly bytes: Buffer }
  | { readonly kind: "refuse"; readonly status: string; readonly why: string };

export interface RequestReader {
  /** Takes the next bytes of the connection and gives what can be passed on. */
  readonly push: (chunk: Buffer) => readonly Piece[];
  /** The upgrade was answered: with 101 all that follows is passed as it is, else requests follow. */
  readonly resume: (isUpgraded: boolean) => readonly Piece[];
}

/** Longest head that is passed on; a longer one is refused with 431. */
const maxHeadBytes = 128 * 1024;
/** Longest chunk-size or trailer line. */
const maxLineBytes = 16 * 1024;

type State =
  | { readonly in: "head" | "size" | "chunk-end" | "trailer" | "held" | "tunnel" | "refused" }
  | { readonly in: "body"; readonly left: number; readonly after: "head" | "chunk-end" };

interface Step {
  readonly next: State;
  readonly used: number;
  readonly piece?: Piece;
}

/** Reads the requests of one connection, adding `added` to the head of each. */
export function requestReader(added: Readonly<Record<string, string>>): RequestReader {
  const insert = Object.entries(added)
    .map(([name, value]) => `${name}: ${value}\r\n`)
    .join("");
  const reserved = new Set(Object.keys(added).map((name) => name.toLowerCase()));
  let state: State = { in: "head" };
  let rest: Buffer = Buffer.alloc(0);

  const drain = (): Piece[] => {
    const pieces: Piece[] = [];
    while (rest.length > 0) {
      const step: Step | undefined = take(state, rest, insert, reserved);
      if (!step) break;
      state = step.next;
      rest = rest.subarray(step.used);
      if (step.piece) pieces.push(step.piece);
    }
    return pieces;
  };

  return {
    push: (chunk) => {
      rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
      return drain();
    },
    resume: (isUpgraded) => {
      if (state.in === "held") state = { in: isUpgraded ? "tunnel" : "head" };
      return drain();
    },
  };
}

/** One step over the bytes at hand; undefined if more are needed. */
function take(
  state: State,
  bytes: Buffer,
  insert: string,
  reserved: ReadonlySet<string>,
): Step | undefined {
  switch (state.in) {
    case "head":
      return takeHead(bytes, insert, reserved);
    case "body":
      return takeBody(state, bytes);
    case "size":
      return takeLine(bytes, (line) => afterSize(line));
    case "chunk-end":
      return takeLine(bytes, (line) => (line === "" ? { in: "size" } : undefined));
    case "trailer":
      return takeLine(bytes, (line) => ({ in: line === "" ? "head" : "trailer" }));
    case "tunnel":
      return { next: state, used: bytes.length, piece: { kind: "body", bytes } };
    case "refused":
      return { next: state, used: bytes.length };
    case "held":
      return undefined;
  }
}

function takeBody(state: Extract<State, { in: "body" }>, bytes: Buffer): Step {
  const part = bytes.subarray(0, state.left);
  const left = state.left - part.length;
  return {
    next: left === 0 ? { in: state.after } : { ...state, left },
    used: part.length,
    piece: { kind: "body", bytes: part },
  };
}

/** Passes one line of chunk framing on, if what it says is understood. */
function takeLine(bytes: Buffer, next: (line: string) => State | undefined): Step | undefined {
  const end = bytes.indexOf("\r\n");
  if (end < 0) {
    return bytes.length > maxLineBytes
      ? refuse(bytes, "400 Bad Request", "a line is too long")
      : undefined;
  }
  const following = next(bytes.toString("latin1", 0, end));
  if (!following) return refuse(bytes, "400 Bad Request", "the chunked body is malformed");
  return {
    next: following,
    used: end + 2,
    piece: { kind: "body", bytes: bytes.subarray(0, end + 2) },
  };
}

function afterSize(line: string): State | undefined {
  const digits = /^([0-9a-fA-F]{1,13})[ \t]*(?:;.*)?$/.exec(line)?.[1];
  if (digits === undefined) return undefined;
  const size = Number.parseInt(digits, 16);
  return size === 0 ? { in: "trailer" } : { in: "body", left: size, after: "chunk-end" };
}

function refuse(bytes: Buffer, status: string, why: string): Step {
  return { next: { in: "refused" }, used: bytes.length, piece: { kind: "refuse", status, why } };
}

// === the head

function takeHead(bytes: Buffer, insert: string, reserved: ReadonlySet<string>): Step | undefined {
  // An empty line before a request is skipped (RFC 9112, 2.2).
  if (bytes[0] === 13 && bytes[1] === 10) return { next: { in: "head" }, used: 2 };
  const end = bytes.indexOf("\r\n\r\n");
  if ((end < 0 ? bytes.length : end) > maxHeadBytes) {
    return refuse(bytes, "431 Request Header Fields Too Large", "the head is over 128 KiB");
  }
  if (end < 0) return undefined;
  // latin1 maps each byte to one character and back, so that nothing is lost.
  const [first = "", ...lines] = bytes.toString("latin1", 0, end).split("\r\n");
  const head = readHead(first, lines);
  if (typeof head === "string") return refuse(bytes, "400 Bad Request", head);
  const next = afterHead(head.headers);
  if (!next) return refuse(bytes, "400 Bad Request", "the length of the body is ambiguous");
  const kept = lines.filter((_, i) => !reserved.has(head.headers[i]?.[0].toLowerCase() ?? ""));
  const forwarded = `${first}\r\n${insert}${kept.map((line) => `${line}\r\n`).join("")}\r\n`;
  return {
    next,
    used: end + 4,
    piece: {
      kind: "head",
      head,
      isUpgrade: next.in === "held",
      bytes: Buffer.from(forwarded, "latin1"),
    },
  };
}

/** A head, or what is wrong with it. */
function readHead(first: string, lines: readonly string[]): RequestHead | string {
  const [, method, path] = /^([!-~]+) ([!-~\x80-\xFF]+) HTTP\/1\.[01]$/.exec(first) ?? [];
  if (method === undefined || path === undefined) return "the request line is malformed";
  const headers = lines.map(splitLine).filter((header) => header !== undefined);
  if (headers.length < lines.length) return "a header line is malformed";
  return { method, path, headers };
}

/** A header line as name and value; undefined for a fold, a bare line feed or no name. */
function splitLine(line: string): readonly [string, string] | undefined {
  const match = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+):[ \t]*([^\r\n]*)$/.exec(line);
  return match ? [match[1] ?? "", (match[2] ?? "").trimEnd()] : undefined;
}

/** What follows a head; undefined where two readers could disagree about it. */
function afterHead(headers: readonly (readonly [string, string])[]): State | undefined {
  const all = (wanted: string): string[] =>
    headers
      .filter(([name]) => name.toLowerCase() === wanted)
      .map(([, value]) => value.toLowerCase());
  const codings = all("transfer-encoding");
  const lengths = all("content-length");
  if (codings.length + lengths.length > 1) return undefined;
  if (codings[0] !== undefined) return codings[0] === "chunked" ? { in: "size" } : undefined;
  if (lengths[0] !== undefined) return bodyOf(lengths[0]);
  // Only WebSocket is ever accepted by a Worker; an `Upgrade: h2c` is an ordinary request.
  return all("upgrade").includes("websocket") ? { in: "held" } : { in: "head" };
}

function bodyOf(length: string): State | undefined {
  if (!/^\d{1,15}$/.test(length)) return undefined;
  const left = Number(length);
  return left === 0 ? { in: "head" } : { in: "body", left, after: "head" };
}
