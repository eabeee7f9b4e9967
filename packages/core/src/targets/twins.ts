import type { ReadonlyHeaders } from '../base/readonly-headers.ts'
import type { Provider } from './providers.ts'

/** Whether requests for the same model to these two entries would be the same: same address, credential and rewriting. */
export function areTwins(one: Provider, other: Provider): boolean {
  if (one === other) return true
  if (one.native || other.native) return false // its credential comes with each request
  return (
    one.kind === other.kind &&
    one.baseURL === other.baseURL &&
    one.apiKey === other.apiKey &&
    one.apiVersion === other.apiVersion &&
    one.maxTokensParam === other.maxTokensParam &&
    String(one.dropParams) === String(other.dropParams) &&
    linesOf(new Headers(one.headers)) === linesOf(new Headers(other.headers))
  )
}

/** The headers that make a difference. What the SDK says of itself goes to its own provider alone. */
export function linesOf(headers: ReadonlyHeaders): string {
  const lines = [...headers].filter(([name]) => !/^(?:x-stainless-.*|accept-language|user-agent)$/.test(name))
  return JSON.stringify(lines)
}
