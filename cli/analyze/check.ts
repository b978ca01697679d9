// Owns the list of mistakes `heddle analyze` knows: their codes never change, and a code that is gone is not used again.

/** How much a mistake matters: an error is refused or answered with a failure, a warning works otherwise than it reads. */
export type Severity = "error" | "warning";

/** One kind of mistake. */
export interface Check {
  readonly severity: Severity;
  /** What is wrong, in few words. */
  readonly title: string;
  /** What comes of it. */
  readonly effect: string;
  /** What to do. */
  readonly mend: string;
}

const error = (title: string, effect: string, mend: string): Check => ({
  severity: "error",
  title,
  effect,
  mend,
});
const warning = (title: string, effect: string, mend: string): Check => ({
  severity: "warning",
  title,
  effect,
  mend,
});

/** Every check by its code. */
export const CHECKS = {
  HDL001: error(
    "Field is wrong",
    "`heddle apply` refuses the resource.",
    "The message names the field, what was found there and what to write.",
  ),
  HDL002: error(
    "Resource is written twice",
    "`heddle apply` refuses a batch that says one thing twice.",
    "Remove one of them, or give it another name.",
  ),
  HDL101: error(
    "Parent does not exist",
    "The route is attached to nothing; `heddle apply` refuses it when none of its parents exists.",
    "Correct `parentRefs`, or add the Gateway or Service.",
  ),
  HDL102: error(
    "Parent has no such listener or port",
    "The parent does not accept the route.",
    "Correct `sectionName` or `port`.",
  ),
  HDL103: error(
    "Hostname is no listener's",
    "No listener of the Gateway takes a hostname of the route: it is never asked.",
    "Use a hostname that a listener covers, or change the listener's.",
  ),
  HDL104: error(
    "Listener does not allow the route",
    "The Gateway's `allowedRoutes` keep the route out by its kind or namespace.",
    "Allow the kind or the namespace at the listener.",
  ),
  HDL110: error(
    "Backend does not exist",
    "The backend's share of calls is answered 500.",
    "Correct the name, or add the Service or the Worker.",
  ),
  HDL111: error(
    "Backend has no such port",
    "The backend's share of calls is answered 500.",
    "Use a port that the Service lists.",
  ),
  HDL112: error(
    "Backend of another namespace is not granted",
    "The backend's share of calls is answered 500.",
    "Add a ReferenceGrant in the backend's namespace.",
  ),
  HDL113: error(
    "Backend is of no kind the mesh knows",
    "The backend's share of calls is answered 500.",
    "Name a Service.",
  ),
  HDL114: error(
    "HTTPFilter does not exist",
    "Calls by the rule are answered 500: what the filter was to do must not be left out.",
    "Correct the name in `extensionRef`, or add the HTTPFilter.",
  ),
  HDL115: warning(
    "Rule has no backend to call",
    "Calls by the rule are answered 500.",
    "Add a backend, give one a weight above 0, or redirect.",
  ),
  HDL120: warning(
    "Rule can never match",
    "A match that is tried before it takes every call that this one could.",
    "Remove the rule, or tell the two apart by path, method, header or query.",
  ),
  HDL121: warning(
    "Two routes claim the same calls",
    "The older route wins, or the one whose name comes first; the other one is never asked.",
    "Put both rules into one route, or tell them apart by hostname, path, method, header or query.",
  ),
  HDL130: warning(
    "Retries do not fit into the timeout",
    "`timeouts.request` ends the call before all tries of `backendRequest` have run.",
    "Lower `attempts` or `backendRequest`, or raise `request`.",
  ),
  HDL131: warning(
    "Retry of calls that may not be repeated",
    "POST and PATCH are not idempotent: the mesh does not repeat what the backend may have begun.",
    "Remove the retry, or match a method that can be repeated.",
  ),
  HDL132: warning(
    "Timeout is longer than the edge waits",
    "A call that came in through a Gateway ends with `Mesh.spec.defaults.timeouts.edge`.",
    "Raise the Mesh's edge timeout, or shorten the rule's.",
  ),
  HDL140: error(
    "Endpoint names no Worker of the mesh",
    "Calls to the endpoint are answered 503.",
    "Correct `worker`, or add the Worker to mesh.yaml.",
  ),
  HDL141: warning(
    "Subset has no endpoint",
    "No endpoint of the service carries these labels: calls are answered 503.",
    "Correct the labels, or label an endpoint.",
  ),
  HDL142: warning(
    "Service has no endpoint and no route",
    "Calls to the service are answered 503.",
    "Add an endpoint, or a route that leads elsewhere.",
  ),
  HDL150: warning(
    "Binding dials nothing of the mesh",
    "The Worker's binding leads to no Service or Worker of the mesh; it is left as it is.",
    "Correct `service` in the wrangler file, or add the Service.",
  ),
  HDL151: warning(
    "Mesh route that nobody calls",
    "No Worker has a binding to the service the route is attached to.",
    "Add the binding to the caller's wrangler file, or remove the route.",
  ),
  HDL160: warning(
    "Fault has expired",
    "The HTTPFilter's fault has ended and does nothing.",
    "Remove the fault, or move `expires` on.",
  ),
  HDL161: warning(
    "HTTPFilter that no rule names",
    "It does nothing.",
    "Name it in a filter of type ExtensionRef, or remove it.",
  ),
  HDL162: warning(
    "ReferenceGrant that nothing needs",
    "It opens a namespace to references that no route makes.",
    "Remove it.",
  ),
  HDL163: warning(
    "Listener without routes",
    "Requests to the listener are answered 404.",
    "Attach a route, or remove the listener.",
  ),
  HDL170: error(
    "RPC entrypoint or method does not exist",
    "No Worker behind the service has it: the rule never matches.",
    "Correct the name; `heddle types` lists what each Worker has.",
  ),
  HDL180: warning(
    "Kill switch for an unknown service",
    "It switches nothing off.",
    "Correct `service` of the entry in `Mesh.spec.bypass`.",
  ),
  HDL190: warning(
    "Policy's target does not exist",
    "The policy holds nowhere at that target: nothing is kept out, nothing protected.",
    "Correct the name, or add what the policy is for.",
  ),
  HDL191: warning(
    "Two traffic policies say the same of one target",
    "What the older one says holds there, or that of the one whose name comes first.",
    "Say it in one of them.",
  ),
  HDL192: warning(
    "Breaker can never open",
    "`consecutive`, `failureRatio` and `slowRatio` are all off, or the mesh's defaults have them off.",
    "Set one of them above 0, or remove `breaker`.",
  ),
  HDL193: warning(
    "Rule of a policy can never match",
    "Nobody is whom it names, or it excludes what it asks for: an ALLOW lets nobody in by it, a DENY keeps nobody out.",
    "Correct the name, or remove the contradiction.",
  ),
} as const satisfies Readonly<Record<string, Check>>;

export type CheckCode = keyof typeof CHECKS;
