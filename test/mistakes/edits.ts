// Owns the mistakes: for each check one edit of a right mesh, and the place where it must be found.
import type { CheckCode } from "../../cli/analyze/check.ts";
import { type Doc, type Draft, pick, type Random } from "./draft.ts";

/** Where a mistake stands: a path in a document of a file, or a text in a Worker's wrangler file. */
export type Place =
  | {
      readonly file: string;
      readonly document: number;
      readonly path: readonly (string | number)[];
    }
  | { readonly file: string; readonly text: string };

/** Changes the draft and says where the mistake is. */
type Edit = (draft: Draft, random: Random) => Place;

/* oxlint-disable typescript/no-explicit-any -- the documents are loose on purpose */
type Loose = any;

const NORTH = "mesh/north.yaml";
const EAST = "mesh/east.yaml";
const SERVICES = "mesh/services.yaml";
const FILTERS = "mesh/filters.yaml";
const EDGE = "mesh/gateway.yaml";
const POLICIES = "mesh/policies.yaml";

const doc = (draft: Draft, file: string, index = 0): Loose => draft.files[file]?.[index];
const at = (file: string, document: number, ...path: (string | number)[]): Place => ({
  file,
  document,
  path,
});

/** A change of a rule of the first north-south route that has matches of its own. */
const inRule =
  (change: (rule: Loose, random: Random) => (string | number)[]): Edit =>
  (draft, random) => {
    const { rules } = doc(draft, NORTH).spec;
    const named = rules.flatMap((rule: Loose, index: number) => (rule.name ? [index] : []));
    const index = pick(random, named as number[]);
    return at(NORTH, 0, "spec", "rules", index, ...change(rules[index], random));
  };

/** One edit for every check. */
export const EDITS: Readonly<Record<CheckCode, Edit>> = {
  HDL001: (draft) => {
    const { rules } = doc(draft, NORTH).spec;
    rules[0].backendRef = rules[0].backendRefs;
    delete rules[0].backendRefs;
    return at(NORTH, 0, "spec", "rules", 0, "backendRef");
  },
  HDL002: (draft) => {
    draft.files[FILTERS]?.push(structuredClone(doc(draft, FILTERS) as Doc));
    return at(FILTERS, 1, "metadata", "name");
  },
  HDL101: (draft) => {
    doc(draft, NORTH, 1).spec.parentRefs.push({ name: "egde" });
    return at(NORTH, 1, "spec", "parentRefs", 1, "name");
  },
  HDL102: (draft) => {
    doc(draft, NORTH, 1).spec.parentRefs.push({ name: "edge", sectionName: "interna" });
    return at(NORTH, 1, "spec", "parentRefs", 1, "name");
  },
  HDL103: (draft) => {
    draft.files[NORTH]?.push(lost(draft, ["shop.example"], "internal"));
    return at(NORTH, 2, "spec", "hostnames");
  },
  HDL104: (draft) => {
    const route = lost(draft, ["lost.corp.example"], "internal");
    route.metadata.namespace = "infra";
    (route.spec["parentRefs"] as Loose)[0].namespace = "default";
    (route.spec["rules"] as Loose)[0].backendRefs = [{ name: "audit", port: 80 }];
    draft.files[NORTH]?.push(route);
    return at(NORTH, 2, "spec", "parentRefs", 0, "name");
  },
  HDL110: inRule((rule) => {
    rule.backendRefs[0].name = "nowhere";
    return ["backendRefs", 0, "name"];
  }),
  HDL111: (draft, random) => {
    const { rules } = doc(draft, EAST).spec;
    const rule = pick(random, [0, 1]);
    rules[rule].backendRefs[0].port = 81;
    return at(EAST, 0, "spec", "rules", rule, "backendRefs", 0, "port");
  },
  HDL112: (draft) => {
    const { rules } = doc(draft, NORTH).spec;
    draft.workers.push({ name: "ledger", namespace: "infra", labels: {}, services: {} });
    rules[0].backendRefs.push({ name: "ledger", namespace: "infra", port: 80 });
    return at(NORTH, 0, "spec", "rules", 0, "backendRefs", 1, "name");
  },
  HDL113: inRule((rule) => {
    rule.backendRefs.push({ group: "apps", kind: "Deployment", name: "x" });
    return ["backendRefs", 1, "kind"];
  }),
  HDL114: inRule((rule) => {
    const extensionRef = { group: "heddle.dev", kind: "HTTPFilter", name: "close" };
    rule.filters = [{ type: "ExtensionRef", extensionRef }];
    return ["filters", 0, "extensionRef", "name"];
  }),
  HDL115: inRule((rule) => {
    rule.backendRefs[0].weight = 0;
    return ["backendRefs"];
  }),
  HDL120: (draft, random) => {
    const { rules } = doc(draft, NORTH).spec;
    const first = structuredClone(rules[0]);
    delete first.name;
    if (random() < 0.5) first.matches[0].headers = [{ name: "x-a", value: "1" }];
    // One more header would go first: the earlier rule is made to take it all the same.
    if (first.matches[0].headers) rules[0].matches.push(structuredClone(first.matches[0]));
    rules.push(first);
    return at(NORTH, 0, "spec", "rules", rules.length - 1);
  },
  HDL121: (draft) => {
    const twin = structuredClone(doc(draft, NORTH) as Doc);
    twin.metadata.name = "shop-too";
    (twin.spec["rules"] as Loose) = [{ backendRefs: [{ name: "front", port: 80 }] }];
    draft.files[NORTH]?.push(twin);
    return at(NORTH, 2, "spec", "rules", 0);
  },
  HDL130: inRule((rule) => {
    rule.timeouts = { request: "2s", backendRequest: "1500ms" };
    return ["retry"];
  }),
  HDL131: inRule((rule, random) => {
    rule.matches[0].method = pick(random, ["POST", "PATCH"]);
    return ["retry"];
  }),
  HDL132: inRule((rule, random) => {
    rule.timeouts.request = pick(random, ["2m", "90s"]);
    return ["timeouts", "request"];
  }),
  HDL140: (draft) => {
    doc(draft, SERVICES).spec.endpoints[1].worker = "reviews-v22";
    return at(SERVICES, 0, "spec", "endpoints", 1, "worker");
  },
  HDL141: (draft) => {
    doc(draft, SERVICES, 1).spec.subset.labels = { version: "v99" };
    return at(SERVICES, 1, "spec", "subset", "labels");
  },
  HDL142: (draft) => {
    draft.files[SERVICES]?.push({
      apiVersion: "heddle.dev/v1",
      kind: "Service",
      metadata: { name: "void" },
      spec: { endpoints: [] },
    });
    return at(SERVICES, draft.files[SERVICES]!.length - 1, "spec", "endpoints");
  },
  HDL150: (draft) => {
    const [front] = draft.workers;
    front!.services["LOST"] = "nowhere";
    return { file: "workers/front/wrangler.json", text: '"LOST"' };
  },
  HDL151: (draft) => {
    const route = lost(draft, [], "");
    route.spec["parentRefs"] = [{ group: "", kind: "Service", name: "audit", namespace: "infra" }];
    draft.files[EAST]?.push(route);
    doc(draft, NORTH).spec.rules = doc(draft, NORTH).spec.rules.filter(
      (rule: Loose) => rule.backendRefs?.[0].name !== "audit",
    );
    draft.files[EDGE]?.splice(1, 1);
    return at(EAST, draft.files[EAST]!.length - 1, "spec", "parentRefs", 0);
  },
  HDL160: (draft) => {
    doc(draft, FILTERS).spec.fault.expires = "2020-01-01T00:00:00Z";
    return at(FILTERS, 0, "spec", "fault", "expires");
  },
  HDL161: (draft) => {
    const other = structuredClone(doc(draft, FILTERS) as Doc);
    other.metadata.name = "idle";
    draft.files[FILTERS]?.push(other);
    return at(FILTERS, 1, "metadata", "name");
  },
  HDL162: (draft) => {
    const other = structuredClone(doc(draft, EDGE, 1) as Doc);
    other.metadata.name = "unneeded";
    (other.spec["to"] as Loose)[0].name = "nobody";
    draft.files[EDGE]?.push(other);
    return at(EDGE, 2, "metadata", "name");
  },
  HDL163: (draft) => {
    doc(draft, EDGE).spec.listeners.push({ name: "spare", port: 9090, protocol: "HTTP" });
    return at(EDGE, 0, "spec", "listeners", 2, "name");
  },
  HDL170: (draft, random) => {
    const [match] = doc(draft, EAST, 1).spec.rules[0].matches;
    const path = ["spec", "rules", 0, "matches", 0];
    if (random() < 0.5) {
      match.entrypoint = "Ledgre";
      return at(EAST, 1, ...path, "entrypoint");
    }
    match.method[1] = "refnud";
    return at(EAST, 1, ...path, "method", 1);
  },
  HDL180: (draft) => {
    (draft.mesh.spec["bypass"] as Loose).push({ feature: "retry", service: "default/rewievs" });
    return at("mesh.yaml", 0, "spec", "bypass", 1, "service");
  },
  HDL190: (draft, random) => {
    const [index, target] = pick(random, [
      [0, 0],
      [0, 1],
      [1, 0],
    ] as const);
    doc(draft, POLICIES, index).spec.targetRefs[target].name = "rewievs";
    return at(POLICIES, index, "spec", "targetRefs", target, "name");
  },
  HDL191: (draft) => {
    const later = structuredClone(doc(draft, POLICIES) as Doc);
    later.metadata.name = "protected-too";
    later.spec["targetRefs"] = [{ name: "reviews" }];
    draft.files[POLICIES]?.push(later);
    return at(POLICIES, 2, "spec", "targetRefs");
  },
  HDL192: (draft) => {
    doc(draft, POLICIES).spec.breaker = { failureRatio: 0, consecutive: 0, slowRatio: 0 };
    return at(POLICIES, 0, "spec", "breaker");
  },
  HDL193: (draft, random) => {
    const [rule] = doc(draft, POLICIES, 1).spec.rules;
    const path = ["spec", "rules", 0];
    if (random() < 0.5) {
      rule.to[0].notMethods.push("GET");
      return at(POLICIES, 1, ...path, "to", 0, "methods");
    }
    rule.from[0].principals[0] = "default/fornt";
    return at(POLICIES, 1, ...path, "from", 0, "principals", 0);
  },
};

/** A route of its own to the front. */
const lost = (_draft: Draft, hostnames: readonly string[], sectionName: string): Doc => ({
  apiVersion: "gateway.networking.k8s.io/v1",
  kind: "HTTPRoute",
  metadata: { name: "lost" },
  spec: {
    parentRefs: [{ name: "edge", sectionName }],
    ...(hostnames.length > 0 ? { hostnames } : {}),
    rules: [{ backendRefs: [{ name: "front", port: 80 }] }],
  },
});
