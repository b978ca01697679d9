// Reads the members of an exported interface from its source: types are gone at run time, and the docs name them.

export interface Member {
  readonly name: string;
  readonly isOptional: boolean;
  readonly type: string;
}

/** The members of `export interface NAME` in their order; throws when there is no such interface. */
export function readInterface(source: string, name: string): Member[] {
  const start = new RegExp(`^export interface ${name}\\b[^{]*\\{`, "m").exec(source);
  if (start === null) throw new Error(`no interface ${name}`);
  const body = blockFrom(withoutComments(source.slice(start.index + start[0].length)));
  return splitMembers(body).map(toMember);
}

const withoutComments = (text: string): string =>
  text.replaceAll(/\/\*[\s\S]*?\*\//g, "").replaceAll(/^\s*\/\/.*$/gm, "");

/** Up to the brace that closes the interface. */
function blockFrom(text: string): string {
  let depth = 1;
  for (let index = 0; index < text.length; index += 1) {
    depth += depthChange(text[index]);
    if (depth === 0) return text.slice(0, index);
  }
  throw new Error("an interface is not closed");
}

function splitMembers(body: string): string[] {
  const members: string[] = [];
  let depth = 0;
  let current = "";
  for (const char of body) {
    depth += depthChange(char);
    if (char === ";" && depth === 0) {
      members.push(current);
      current = "";
    } else current += char;
  }
  return members.map((text) => text.replaceAll(/\s+/g, " ").trim()).filter((text) => text !== "");
}

function depthChange(char: string | undefined): number {
  if (char === "{" || char === "(" || char === "[") return 1;
  return char === "}" || char === ")" || char === "]" ? -1 : 0;
}

function toMember(text: string): Member {
  const property = /^(?:readonly )?(\w+)(\?)?: (.+)$/.exec(text);
  if (property) {
    const [, name = "", optional, type = ""] = property;
    return { name, isOptional: optional !== undefined, type: tidy(type) };
  }
  const method = /^(\w+)(?:<[^>]*>)?(\(.*\)): (.+)$/.exec(text);
  if (!method) throw new Error(`cannot read the member: ${text}`);
  const [, name = "", parameters = "", result = ""] = method;
  return { name, isOptional: false, type: `${tidy(parameters)} => ${tidy(result)}` };
}

/** Types as a reader wants them: without `readonly`, without the blanks and commas of line breaks. */
const tidy = (type: string): string =>
  type
    .replaceAll(/\breadonly /g, "")
    .replaceAll(/\( /g, "(")
    .replaceAll(/,? \)/g, ")")
    .replaceAll(/;? \}/g, " }")
    .replace(/^\| /, "");
