// A WebSocket that a caller of the mesh opened: its messages pass here, so that it ends when its caller is revoked.
import type { Isolate, Keeper, Tagged } from "../pipeline/isolate.ts";

/** "Policy violation" (RFC 6455 section 7.4.1). */
const VIOLATION = 1008;
/** "Unexpected condition", for an end that cannot be passed on as it came. */
const BROKEN = 1011;
/** Codes that are heard and never sent: none given, and gone without a word (RFC 6455 section 7.4.1). */
const NONE_GIVEN = 1005;
const GONE = 1006;
/** A socket that is silent asks for news as often as an isolate pulses. */
const WATCH_MS = 1000;

/** Whose socket it is, and where to hear of revocations. */
export interface Opened extends Tagged {
  readonly isolate: Isolate;
  readonly keeper: Keeper;
  readonly principal: string;
}

/**
 * The answer to an upgrade with a socket of the mesh's in place of the application's. Every message asks whether the
 * caller is revoked, and a silent socket asks once a second; then both ends are closed with 1008.
 */
export function watchSocket(response: Response, opened: Opened): Response {
  const { isolate, keeper, principal } = opened;
  const inner = response.webSocket;
  if (inner === null) return response;
  const { 0: outer, 1: ours } = new WebSocketPair();
  const timer = setInterval(() => {
    void isolate.ready(keeper);
    isOver();
  }, WATCH_MS);
  const isOver = (): boolean => {
    if (!isolate.isRevoked(principal, opened)) return false;
    clearInterval(timer);
    for (const socket of [ours, inner]) end(socket, VIOLATION, "revoked");
    return true;
  };
  const pipe = (from: WebSocket, to: WebSocket): void => {
    from.binaryType = "arraybuffer";
    from.addEventListener("message", ({ data }) => {
      if (!isOver()) to.send(data as string);
    });
    from.addEventListener("close", ({ code, reason }) => {
      clearInterval(timer);
      // Half-open on both sides: the other end's own answer comes back this way.
      end(to, code, reason);
    });
    from.addEventListener("error", () => {
      end(to, BROKEN, "");
    });
  };
  pipe(ours, inner);
  pipe(inner, ours);
  ours.accept({ allowHalfOpen: true });
  inner.accept({ allowHalfOpen: true });
  return new Response(null, { status: 101, webSocket: outer, headers: response.headers });
}

/** Passes an end on; one that is over already is left alone. */
function end(socket: WebSocket, code: number, reason: string): void {
  try {
    if (code === NONE_GIVEN) socket.close();
    else if (code === GONE) socket.close(BROKEN);
    else socket.close(code, reason);
  } catch {
    // Closed by the other end in the same moment.
  }
}
