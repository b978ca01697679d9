// What the W3C suite asks of a service: POST `arguments` to each `url`. Nothing here is about traces.
import { WorkerEntrypoint } from "cloudflare:workers";

interface Callback {
  readonly url: string;
  readonly arguments: unknown;
}

/** Reached by RPC, through the mesh. */
export class CallBack extends WorkerEntrypoint {
  async post(callbacks: readonly Callback[]): Promise<void> {
    for (const { url, arguments: body } of callbacks) {
      const headers = { "content-type": "application/json" };
      const answer = await fetch(url, { method: "POST", headers, body: JSON.stringify(body) });
      await answer.body?.cancel();
    }
  }
}

interface Env {
  readonly NEXT: Service<CallBack>;
}

export default {
  async fetch(request: Request, env: Env): Promise<Response> {
    await env.NEXT.post(await request.json<readonly Callback[]>());
    return Response.json({ ok: true });
  },
};
