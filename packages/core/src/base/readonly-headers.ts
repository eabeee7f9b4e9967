/**
 * Headers that may be read and copied, but not changed. Calls with the same headers share one object, and what is computed from
 * it is cached: a change would give one tenant the answers of another.
 */
export type ReadonlyHeaders = Omit<Headers, 'append' | 'delete' | 'set'>

/** A copy that may be changed. */
export function copyHeaders(headers: ReadonlyHeaders): Headers {
  return new Headers(headers as Headers)
}

/** The same object, typed for a `fetch` that does not change it: Harbor's own, or a pool's. */
export function forFetch(headers: ReadonlyHeaders): Headers {
  return headers as Headers
}
