// The only place in the mesh that writes to the Worker's log.

/** Writes one structured line; it is JSON already, so that nothing in it can forge another line. */
export function writeLine(line: string): void {
  // oxlint-disable-next-line no-console -- the platform's logger is this function
  console.log(line);
}
