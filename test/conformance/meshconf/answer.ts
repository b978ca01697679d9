// Owns what came back from the wire, and the echo in it when a backend answered.

/** An answer as the wire had it; header names keep their case and their order. */
export interface Answer {
  readonly status: number;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: string;
}

/** What an echo backend saw of a request and who it is. */
export interface Echo {
  readonly path: string;
  readonly host: string;
  readonly method: string;
  readonly headers: Readonly<Record<string, readonly string[]>>;
  readonly namespace: string;
  readonly service: string;
  readonly pod: string;
}

/** The echo in an answer; null when something else than an echo backend answered. */
export function echoIn(answer: Answer): Echo | null {
  if (!answer.body.startsWith("{")) return null;
  try {
    const value = JSON.parse(answer.body) as Partial<Echo> | null;
    return typeof value?.pod === "string" && typeof value.path === "string"
      ? (value as Echo)
      : null;
  } catch {
    return null;
  }
}

/** All values of one header joined with a comma; null when it is missing. */
export function headerOf(answer: Answer, name: string): string | null {
  const lower = name.toLowerCase();
  const values = answer.headers.filter(([key]) => key.toLowerCase() === lower);
  return values.length === 0 ? null : values.map(([, value]) => value).join(",");
}

/** The same of the headers the backend saw. */
export function forwardedHeader(echo: Echo, name: string): readonly string[] | null {
  const lower = name.toLowerCase();
  const found = Object.entries(echo.headers).filter(([key]) => key.toLowerCase() === lower);
  // workerd hands repeated headers over joined by ", ".
  const values = found.flatMap(([, list]) => list.flatMap((value) => value.split(/,\s*/)));
  return found.length === 0 ? null : values;
}
