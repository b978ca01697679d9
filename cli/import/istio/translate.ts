// Owns the translation of Istio's resources: which kinds are known, one file each, and what is told of the rest.
import { translateAuthorizationPolicy } from "./authorization-policy.ts";
import { translateDestinationRule } from "./destination-rule.ts";
import { translateGateway } from "./gateway.ts";
import {
  type IstioDocument,
  type Manifest,
  type Remark,
  type Scene,
  type SourceText,
  openDocument,
} from "./scene.ts";
import { translateVirtualService } from "./virtual-service.ts";

/** Writes what a document stands for into the scene. */
type Translate = (document: IstioDocument, scene: Scene) => void;

/** In the order they are translated in: what routes lead to is made before them. */
const KINDS: readonly (readonly [kind: string, translate: Translate])[] = [
  ["Gateway", translateGateway],
  ["DestinationRule", translateDestinationRule],
  ["VirtualService", translateVirtualService],
  ["AuthorizationPolicy", translateAuthorizationPolicy],
];

/** What came of a run. */
export interface Translation {
  readonly items: readonly Manifest[];
  readonly remarks: readonly Remark[];
}

/** Translates documents; `port` is that of destinations that name none, `expires` when injected faults end. */
export function translateIstio(
  sources: readonly SourceText[],
  { port, expires, ...more }: Pick<Scene, "port" | "expires" | "rootNamespace" | "trustDomains">,
): Translation {
  const remarks: Remark[] = [];
  const documents: IstioDocument[] = [];
  for (const source of sources) {
    const document = openDocument(source, remarks);
    if (document) documents.push(document);
    else {
      const message = "is no Kubernetes object: kind or metadata.name is missing";
      remarks.push({ level: "error", where: source.where([]), resource: "", field: "", message });
    }
  }
  const scene: Scene = { documents, made: [], remarks, port, expires, ...more };
  for (const [kind, translate] of KINDS) {
    for (const document of documents.filter((one) => one.kind === kind)) translate(document, scene);
  }
  for (const document of documents) {
    const isKnown = KINDS.some(([kind]) => kind === document.kind);
    if (isKnown) document.spec.tellUnread();
    else document.remark("warning", ["kind"], `${document.kind} has no counterpart`);
  }
  return { items: scene.made, remarks: distinct(remarks) };
}

const distinct = (remarks: readonly Remark[]): readonly Remark[] => [
  ...new Map(remarks.map((remark) => [JSON.stringify(remark), remark])).values(),
];
