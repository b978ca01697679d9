// Owns reading a W3C tracestate (Trace Context level 2) that comes from outside the mesh.

const MEMBER = /^([a-z0-9][a-z0-9_*/@-]{0,255})=[ -+\--<>-~]{0,255}[!-+\--<>-~]$/;
const BLANKS = /^[ \t]+|[ \t]+$/g;
const MOST_MEMBERS = 32;
/** So much travels on; what the specification asks for is 512. */
const MOST_CHARACTERS = 1024;
/** Members longer than this are the first to go. */
const LONG = 128;

/** The list without blanks, empty members and repeated keys; empty when it must be ignored whole. */
export function readTracestate(text: string): string {
  const members = new Map<string, string>();
  let count = 0;
  for (const part of text.split(",")) {
    const member = part.replace(BLANKS, "");
    if (member === "") continue;
    const key = MEMBER.exec(member)?.[1];
    if (key === undefined || ++count > MOST_MEMBERS) return "";
    // The first is the newest.
    if (!members.has(key)) members.set(key, member);
  }
  return shortened([...members.values()]);
}

/** As the specification says: whole members, long ones first, from the end. */
function shortened(members: readonly string[]): string {
  let left = members;
  while (left.join(",").length > MOST_CHARACTERS) {
    const long = left.findLastIndex((member) => member.length > LONG);
    left = left.toSpliced(long, 1);
  }
  return left.join(",");
}
