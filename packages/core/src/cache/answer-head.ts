import type { Answer } from '../call/exchange.ts'
import { publicURL } from '../base/public-url.ts'
import { isRecord } from '../base/json.ts'

/** The part of a cached answer that is stored besides its body. It can be written as JSON. */
export interface AnswerHead {
  readonly version: typeof VERSION
  readonly status: number
  readonly statusText: string
  /** The origin and path of the URL. The query is left out, since it may contain a key. */
  readonly url: string
  readonly headers: readonly (readonly [name: string, value: string])[]
  readonly kind: 'text' | 'stream'
  /** The name of the target that answered. */
  readonly target: string
}

/** The version of the format in which heads and bodies are cached. Raise it with each change of the format. */
const VERSION = 1

/** The headers that are not cached, since they belong to one response on one connection, and mean nothing in a cached answer. */
const NOT_CACHED =
  /^(?:age|alt-svc|cf-.*|connection|content-encoding|content-length|date|keep-alive|retry-after.*|server|set-cookie|strict-transport-security|transfer-encoding|via|x-envoy-.*|x-harbor-.*|x-ratelimit-.*)$/

/**
 * Makes the head of an answer that is stored in the cache.
 * @param target the name of the target that answered
 */
export function headOf(
  { status, statusText, url, headers, body: { kind } }: Answer,
  target: string,
): AnswerHead {
  const kept: [string, string][] = []
  headers.forEach((value, name) => {
    if (!NOT_CACHED.test(name)) kept.push([name, value])
  })
  return { version: VERSION, status, statusText, url: publicURL(url), headers: kept, kind, target }
}

/**
 * Whether a value from the cache is a head in the format of this version. Another program may have written an entry of a far tier.
 * @param statuses the lowest and the highest status that the head may have
 */
export function isAnswerHead(
  value: unknown,
  kind: AnswerHead['kind'],
  [lowest, highest]: readonly [number, number] = [200, 299],
): value is AnswerHead {
  if (!isRecord(value)) return false
  const head: { readonly [Field in keyof AnswerHead]?: unknown } = value
  const { version, status, statusText, url, headers, target } = head
  return (
    version === VERSION &&
    head.kind === kind &&
    typeof status === 'number' &&
    Number.isInteger(status) &&
    status >= lowest &&
    status <= highest &&
    typeof statusText === 'string' &&
    typeof url === 'string' &&
    typeof target === 'string' &&
    areHeaders(headers)
  )
}

function areHeaders(value: unknown): boolean {
  if (!Array.isArray(value)) return false
  try {
    new Headers(value as [string, string][])
    return value.every(
      (pair: unknown) => Array.isArray(pair) && pair.every((text) => typeof text === 'string'),
    )
  } catch {
    return false
  }
}
