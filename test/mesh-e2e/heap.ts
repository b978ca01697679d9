// Owns reading the heap of an isolate through workerd's inspector: what is still used after a full collection.

/** Bytes: JavaScript, what the runtime holds for it, and buffers. */
interface HeapUsage {
  readonly usedSize: number;
  readonly embedderHeapUsedSize?: number;
  readonly backingStorageSize?: number;
}

/** Bytes in use of an isolate. */
interface Heap {
  /** By JavaScript. */
  readonly used: number;
  /** By buffers and what the runtime holds too, some of it until a later collection. */
  readonly all: number;
}

/** What the Worker's isolate uses after its garbage was collected. */
export async function heapOf(inspectorPort: number, worker: string): Promise<Heap> {
  const answer = await fetch(`http://127.0.0.1:${inspectorPort}/json`);
  const targets = (await answer.json()) as readonly { id: string; webSocketDebuggerUrl: string }[];
  const target = targets.find(({ id }) => id.endsWith(worker));
  if (target === undefined) throw new Error(`no isolate ${worker} in ${JSON.stringify(targets)}`);
  const socket = new WebSocket(target.webSocketDebuggerUrl);
  await new Promise((opened, failed) => {
    socket.addEventListener("open", opened);
    socket.addEventListener("error", () => failed(new Error(`no inspector of ${worker}`)));
  });
  try {
    // What was freed by one collection may free more in the next.
    for (const _ of [1, 2]) await command(socket, "HeapProfiler.collectGarbage");
    const usage = (await command(socket, "Runtime.getHeapUsage")) as HeapUsage;
    const { usedSize, embedderHeapUsedSize = 0, backingStorageSize = 0 } = usage;
    return { used: usedSize, all: usedSize + embedderHeapUsedSize + backingStorageSize };
  } finally {
    socket.close();
  }
}

let lastId = 0;

function command(socket: WebSocket, method: string): Promise<unknown> {
  const id = ++lastId;
  return new Promise((resolve, reject) => {
    const hear = ({ data }: MessageEvent): void => {
      const said = JSON.parse(String(data)) as { id?: number; result?: unknown; error?: unknown };
      if (said.id !== id) return;
      socket.removeEventListener("message", hear);
      if (said.error === undefined) resolve(said.result);
      else reject(new Error(`${method}: ${JSON.stringify(said.error)}`));
    };
    socket.addEventListener("message", hear);
    socket.send(JSON.stringify({ id, method }));
  });
}
