import type { Answer } from '../call/exchange.ts'

/** What is kept of an answer beside its body. JSON carries it. */
export interface AnswerHead {
  readonly status: number
  readonly statusText: string
  readonly url: string
  readonly headers: readonly (readonly [name: string, value: string])[]
  readonly kind: 'text' | 'stream'
  /** Who gave it. */
  readonly target: string
}

/** What belongs to one answer on one connection, and means nothing when it is given again. */
const PASSING =
  /^(?:age|alt-svc|cf-.*|connection|content-encoding|content-length|date|keep-alive|retry-after.*|server|set-cookie|strict-transport-security|transfer-encoding|via|x-envoy-.*|x-harbor-.*|x-ratelimit-.*)$/

/** @param target who gave it */
export function headOf(
  { status, statusText, url, headers, body: { kind } }: Answer,
  target: string,
): AnswerHead {
  const kept: [string, string][] = []
  headers.forEach((value, name) => {
    if (!PASSING.test(name)) kept.push([name, value])
  })
  return { status, statusText, url, headers: kept, kind, target }
}
