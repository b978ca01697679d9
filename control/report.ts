// Owns reporting control's own failures: to Sentry where SENTRY_DSN is set, else nowhere; the library is loaded then.

/** Reports an error; never fails itself. */
export async function reportError(
  error: unknown,
  request: Request,
  dsn: string | undefined,
  ctx: { waitUntil(work: Promise<unknown>): void; passThroughOnException?(): void },
): Promise<void> {
  if (!dsn) return;
  try {
    const { Toucan } = await import("toucan-js");
    new Toucan({ dsn, request, context: ctx }).captureException(error);
  } catch {
    // An error of the reporter must not hide the one that was reported.
  }
}
