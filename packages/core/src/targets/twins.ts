import type { ReadonlyHeaders } from '../base/readonly-headers.ts'
import type { Provider } from './providers.ts'

/** Whether two providers get the same request for a model, with the same address, credential and parameters. */
export function areTwins(one: Provider, other: Provider): boolean {
  if (one === other) return true
  if (one.native || other.native) return false // the credential of the client's own provider is only known with each request
  return (
    one.kind === other.kind &&
    one.fetch === other.fetch &&
    JSON.stringify([...one.formats]) === JSON.stringify([...other.formats]) &&
    (one.keys?.identity ?? one.apiKey) === (other.keys?.identity ?? other.apiKey) &&
    String(one.dropParams) === String(other.dropParams) &&
    linesOf(new Headers(one.headers)) === linesOf(new Headers(other.headers))
  )
}

/**
 * Converts headers to text, for comparison. Headers that describe the SDK are left out, because they are sent only to the client's own
 * provider.
 */
export function linesOf(headers: ReadonlyHeaders): string {
  const lines = [...headers].filter(([name]) => !/^(?:x-stainless-.*|accept-language|user-agent)$/.test(name))
  return JSON.stringify(lines)
}
