/** What a request is. All else in the `init` of a fetch says how it goes out: by which dispatcher, with which options of a runtime. */
const CONTENT = new Set(['method', 'headers', 'body', 'signal', 'redirect', 'duplex'])

/** How a request goes out, for another request that is to go the same way. */
export function wayOf(init: RequestInit): RequestInit {
  return Object.fromEntries(Object.entries(init).filter(([name]) => !CONTENT.has(name)))
}
