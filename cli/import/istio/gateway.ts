// Owns how an Istio Gateway becomes a Gateway: a listener for each host of each server.
import type { Fields } from "../fields.ts";
import { type IstioDocument, type Scene, make, toName } from "./scene.ts";

type Part = Readonly<Record<string, unknown>>;

/** Istio's protocols as listeners have them; the platform terminates TLS. */
const PROTOCOLS: Readonly<Record<string, string>> = {
  HTTP: "HTTP",
  HTTP2: "HTTP",
  GRPC: "HTTP",
  "GRPC-WEB": "HTTP",
  HTTPS: "HTTPS",
};

/** Translates one Gateway. */
export function translateGateway(document: IstioDocument, scene: Scene): void {
  const listeners = document.spec.objects("servers").flatMap(listenersOf);
  if (document.spec.has("selector"))
    document.spec.lacks("selector", "every Gateway is served by the mesh's own gateway");
  document.spec.raw("selector");
  if (listeners.length === 0) {
    document.remark("warning", ["spec", "servers"], "has no server that a listener can stand for");
    return;
  }
  make(scene, document, {
    apiVersion: "gateway.networking.k8s.io/v1",
    kind: "Gateway",
    metadata: { name: document.name, namespace: document.namespace },
    spec: { gatewayClassName: "heddle", listeners },
  });
}

function secretOf(tls: Fields | undefined): string | undefined {
  if (tls?.raw("httpsRedirect") === true)
    tls.lacks("httpsRedirect", "write an HTTPRoute with a RequestRedirect to https");
  tls?.text("mode");
  return tls?.text("credentialName");
}

function nameOf(server: Fields, index: number): string {
  const own = server.text("name");
  return server.object("port")?.text("name") ?? own ?? `server-${index}`;
}

function listenersOf(server: Fields, index: number): readonly Part[] {
  const port = server.object("port");
  const number = port?.number("number") ?? 80;
  const name = nameOf(server, index);
  port?.number("targetPort");
  const protocol = PROTOCOLS[(port?.text("protocol") ?? "HTTP").toUpperCase()];
  if (protocol === undefined) {
    port?.lacks("protocol", "is none a Worker serves; the server is left out");
    return [];
  }
  const secret = secretOf(server.object("tls"));
  const hosts = server.texts("hosts").map((host) => host.split("/").at(-1) ?? host);
  return (hosts.length > 0 ? hosts : ["*"]).map((host, at) => ({
    name: toName(hosts.length > 1 ? `${name}-${at + 1}` : name),
    port: number,
    protocol,
    ...(host === "*" ? {} : { hostname: host.toLowerCase() }),
    ...(protocol === "HTTPS" && secret
      ? { tls: { mode: "Terminate", certificateRefs: [{ name: secret }] } }
      : {}),
    allowedRoutes: { namespaces: { from: "All" } },
  }));
}
