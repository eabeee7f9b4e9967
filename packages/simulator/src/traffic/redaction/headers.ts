import type { Secrets } from './secrets.ts'

/** The text that replaces what was removed. */
export const REDACTED = '[redacted]'

/** Headers whose values say nothing about an account or a caller. Every other header counts as a secret. */
const HARMLESS: readonly RegExp[] = [
  /^(?:accept|accept-encoding|accept-language|alt-svc|cache-control|cf-cache-status|connection|content-encoding|content-length|content-type|date|keep-alive|sec-fetch-mode|server|strict-transport-security|te|transfer-encoding|user-agent|vary|via|x-content-type-options|x-frame-options)$/,
  /^(?:anthropic-beta|anthropic-version|openai-beta|openai-version|openai-processing-ms|x-goog-api-client|x-server-timeout)$/,
  /^x-stainless-(?:arch|async|custom-poll-interval|helper|helper-method|lang|os|package-version|poll-helper|read-timeout|retry-count|runtime|runtime-version|timeout)$/,
  /^(?:retry-after|retry-after-ms|x-ms-retry-after-ms|x-should-retry|x-request-id|request-id)$/,
  /^(?:x-ratelimit|anthropic-ratelimit)-(?:[a-z]{1,16}-){0,2}(?:limit|remaining|reset)(?:-[a-z]{1,16}){0,2}$/,
]
const MAX_VALUE_LENGTH = 512

/** Returns headers as pairs of name and value. Values that are not known to be harmless are replaced, and added to `secrets`. */
export function redactHeaders(raw: readonly string[], secrets: Secrets): [name: string, value: string][] {
  return pairsOf(raw).map(([name, value]) => {
    const lower = name.toLowerCase()
    if (value.length <= MAX_VALUE_LENGTH && HARMLESS.some((pattern) => pattern.test(lower)))
      return [lower, value]
    secrets.add(value)
    return [lower, REDACTED]
  })
}

/** Returns the pairs in a list of name, value, name, value … */
export function pairsOf(raw: readonly string[]): [name: string, value: string][] {
  return Array.from({ length: Math.floor(raw.length / 2) }, (_, index) => [
    raw[index * 2] ?? '',
    raw[index * 2 + 1] ?? '',
  ])
}
