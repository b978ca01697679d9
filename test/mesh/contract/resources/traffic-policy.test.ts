// What `timeouts` and `retry` of a TrafficPolicy take, and which field an error names.
import { expect, it } from "vitest";
import { parseResource } from "../../../../mesh/contract/resources/parse.ts";

const errorsOf = (spec: object): readonly string[] => {
  const parsed = parseResource({
    apiVersion: "heddle.dev/v1",
    kind: "TrafficPolicy",
    metadata: { name: "x" },
    spec,
  });
  return parsed.ok ? [] : parsed.errors.map(({ message }) => message);
};

const service = { name: "pay" };
const timeouts = { request: "2s", backendRequest: "500ms" };

it.each([
  { targetRefs: [service], timeouts },
  { targetRefs: [service, { kind: "HTTPRoute", name: "pay" }], retry: { attempts: 0 } },
  { targetRefs: [service], timeouts: { request: "0s" }, retry: { codes: [503], backoff: "5ms" } },
])("takes %j", (spec) => {
  expect(errorsOf(spec)).toEqual([]);
});

it.each([
  [{ targetRefs: [service] }, "says nothing"],
  [{ targetRefs: [{ ...service, method: "Pay.charge" }], timeouts }, "spec.timeouts is for whole"],
  [{ targetRefs: [{ ...service, sectionName: "a" }], retry: {} }, "spec.retry is for whole"],
  [{ targetRefs: [service], timeouts: { requst: "2s" } }, "spec.timeouts.requst is not"],
  [{ targetRefs: [service], timeouts: { request: "1s", backendRequest: "2s" } }, "is longer than"],
  [{ targetRefs: [service], timeouts: { request: "soon" } }, "spec.timeouts.request is"],
  [{ targetRefs: [service], retry: { attempts: 11 } }, "spec.retry.attempts is"],
])("refuses %j", (spec, said) => {
  expect(errorsOf(spec).join("\n")).toContain(said);
});
