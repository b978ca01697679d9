// Patterns that would hold an isolate up are refused where they are written.
import { expect, it, test } from "vitest";
import { headerValueSchema } from "../../../../mesh/contract/resources/meta.ts";
import { parseResource } from "../../../../mesh/contract/resources/parse.ts";
import { patternProblem } from "../../../../mesh/contract/resources/pattern.ts";

it.each([
  "(a+)+",
  "(a*)*",
  "(?:a|aa)+",
  "(a?){30}",
  "(.*a){20}",
  "((a+)b)*",
  "((a|b)c){2,}",
  "(a+){2,3}",
  "(?<name>[a-z]+)*?",
  "/x(\\)+)*",
  "(?i)/(a+)+",
  "(/[^/]+)*",
])("refuses %s", (pattern) => {
  expect(patternProblem(pattern)).toContain("exponential");
});

it.each([
  "/a.*",
  "/v[0-9]+(\\.[0-9]+)?",
  "(foo|bar)",
  "(foo|bar)?/.*",
  "(foo|bar){1}",
  "(?:ab)+",
  "([0-9a-f]{2}){8}",
  "[(+*)]+",
  "\\(a+\\)+",
  "(?i)/upper.*",
  "(a{2}){3}",
  "(a+){0,1}b",
  "{x}*",
])("takes %s", (pattern) => {
  expect(patternProblem(pattern)).toBeNull();
});

it("refuses what is no pattern, and what is too long", () => {
  expect(patternProblem("(")).toContain("not a regular expression");
  expect(patternProblem("a".repeat(1024))).toBeNull();
  expect(patternProblem("a".repeat(1025))).toContain("1024 characters");
});

it("says where in a route the pattern stands", () => {
  const evil = { type: "RegularExpression", name: "x", value: "(a+)+" };
  const parsed = parseResource({
    apiVersion: "gateway.networking.k8s.io/v1",
    kind: "HTTPRoute",
    metadata: { name: "r" },
    spec: {
      rules: [
        {
          matches: [
            {
              path: { type: "RegularExpression", value: "/(a+)+" },
              headers: [evil],
              queryParams: [evil],
            },
          ],
        },
      ],
    },
  });
  expect(parsed.ok ? [] : parsed.errors.map(({ path }) => path)).toEqual([
    "spec.rules[0].matches[0].path.value",
    "spec.rules[0].matches[0].headers[0].value",
    "spec.rules[0].matches[0].queryParams[0].value",
  ]);
});

test("a long header value that is not one is refused at once", { timeout: 2000 }, () => {
  expect(headerValueSchema.safeParse(`${"a".repeat(28)}\u00e9`).success).toBe(false);
  expect(headerValueSchema.safeParse("a b\tc").success).toBe(true);
  expect(headerValueSchema.safeParse("a  b").success).toBe(false);
});
