/** Answers that another attempt may not get: the origin is busy, or was too slow. */
const PASSING = [408, 409, 425, 429]

/** An outage may be hidden behind a stale answer; that a request is wrong, or not allowed any more, may not. */
export function serveStaleByDefault(error: unknown): boolean {
  const { status } = Object(error) as { status?: unknown }
  return typeof status !== 'number' || status < 400 || status > 499 || PASSING.includes(status)
}
