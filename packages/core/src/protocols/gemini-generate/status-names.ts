/**
 * The names of Google's statuses, with the HTTP status of each:
 * https://github.com/googleapis/googleapis/blob/master/google/rpc/code.proto
 */
const STATUSES: Readonly<Record<string, number>> = {
  INVALID_ARGUMENT: 400,
  FAILED_PRECONDITION: 400,
  OUT_OF_RANGE: 400,
  UNAUTHENTICATED: 401,
  PERMISSION_DENIED: 403,
  NOT_FOUND: 404,
  ALREADY_EXISTS: 409,
  ABORTED: 409,
  RESOURCE_EXHAUSTED: 429,
  CANCELLED: 499,
  INTERNAL: 500,
  UNKNOWN: 500,
  DATA_LOSS: 500,
  UNIMPLEMENTED: 501,
  UNAVAILABLE: 503,
  DEADLINE_EXCEEDED: 504,
}

/** Whether a code is the name of one of Google's statuses. */
export function isStatusName(code: string): boolean {
  return Object.hasOwn(STATUSES, code)
}

/** Returns the HTTP status of one of Google's statuses; undefined for any other name. */
export function statusOfName(name: string): number | undefined {
  return isStatusName(name) ? STATUSES[name] : undefined
}

/** Returns the name of the Google status that fits an HTTP status best. */
export function statusNameOf(status: number): string {
  const exact = Object.keys(STATUSES).find((name) => STATUSES[name] === status)
  if (exact !== undefined) return exact
  if (status === 408) return 'DEADLINE_EXCEEDED'
  if (status === 402) return 'RESOURCE_EXHAUSTED'
  return status >= 500 ? 'UNAVAILABLE' : 'FAILED_PRECONDITION'
}
