// Owns the patterns of policies: exact text, one `*` at an end, whole segments of a principal, path templates.

/** `*` takes what is there; `x*` and `*x` take what begins or ends so; everything else is itself. */
export function takesText(pattern: string, text: string): boolean {
  if (pattern === "*") return text !== "";
  if (pattern.endsWith("*")) return text.startsWith(pattern.slice(0, -1));
  if (pattern.startsWith("*")) return text.endsWith(pattern.slice(1));
  return pattern === text;
}

/** `td/ns/NAMESPACE/sa/NAME`, each name whole or `*`; `*` alone takes whoever has an identity. */
export function takesPrincipal(pattern: string, principal: string): boolean {
  if (principal === "") return false;
  if (pattern === "*" || pattern === principal) return true;
  if (!pattern.includes("*")) return false;
  const wanted = pattern.split("/");
  const given = principal.split("/");
  return (
    wanted.length === given.length && wanted.every((name, at) => name === "*" || name === given[at])
  );
}

/** A path pattern; `{*}` takes one whole segment, `{**}` any number of characters. */
export function takesPath(pattern: string, path: string): boolean {
  return pattern.includes("{") ? takesTemplate(pattern, path) : takesText(pattern, path);
}

const templates = new Map<string, RegExp>();
const MAX_TEMPLATES = 4096;

function takesTemplate(pattern: string, path: string): boolean {
  let known = templates.get(pattern);
  if (known === undefined) {
    if (templates.size >= MAX_TEMPLATES) templates.clear();
    known = toExpression(pattern);
    templates.set(pattern, known);
  }
  return known.test(path);
}

/** At most one `{**}` is in a template, so that nothing backtracks for long. */
function toExpression(pattern: string): RegExp {
  const parts = pattern.split(/(\{\*{1,2}\})/).map((part) => {
    if (part === "{*}") return "[^/]+";
    return part === "{**}" ? ".*" : part.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
  });
  return new RegExp(`^${parts.join("")}$`, "s");
}
