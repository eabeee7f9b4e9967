/**
 * Headers that can be read, but not changed. Calls with the same headers share one object, and Harbor caches values computed from it, so a
 * change could give one tenant the answers of another.
 */
export type ReadonlyHeaders = Omit<Headers, 'append' | 'delete' | 'set'>

/** Copies headers into an object that may be changed. */
export function copyHeaders(headers: ReadonlyHeaders): Headers {
  return new Headers(headers as Headers)
}

/** Casts the headers to `Headers` without a copy. Only for a `fetch` that does not change them: that of Harbor or of a pool. */
export function forFetch(headers: ReadonlyHeaders): Headers {
  return headers as Headers
}
