// Owns the clock of control's cron in dev: on the platform it runs once a minute.

const MINUTE_MS = 60_000;

/** Runs work once a minute until the answer is called; what fails is tried again with the next. */
export function everyMinute(work: () => Promise<void>): () => void {
  const timer = setInterval(() => void work().catch(() => undefined), MINUTE_MS);
  timer.unref();
  return () => clearInterval(timer);
}
