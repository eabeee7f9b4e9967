import type { RecordedRequest } from '../../journal.ts'
import { wholeMs } from '../../limits/go-duration.ts'
import type { Shortage, Standing } from '../../limits/quota-meter.ts'
import type { Problem } from '../wire.ts'

/** Returns Anthropic's 429 for a call that exceeds a limit. */
export function overLimit(shortage: Shortage, _: RecordedRequest, quiet: boolean): Problem {
  const seconds = 'waitMs' in shortage ? Math.ceil(wholeMs(shortage.waitMs) / 1_000) : undefined
  return {
    status: 429,
    message: messageOf(shortage),
    headers: seconds === undefined || quiet ? [] : ['retry-after', String(seconds)],
  }
}

function messageOf(shortage: Shortage): string {
  if (shortage.kind === 'concurrency') {
    return 'Number of concurrent connections has exceeded your rate limit. Please try again later.'
  }
  const kind = shortage.kind === 'too-large' ? shortage.of : shortage.kind
  const limit = `${shortage.limit.toLocaleString('en-US')} ${kind.replace('-', ' ')} per minute`
  return `This request would exceed your organization’s rate limit of ${limit}. Please reduce the prompt length or the maximum tokens requested, or try again later.`
}

/**
 * Returns headers with what is left of each limit, and the second at which all of it is available again. Tokens are rounded to thousands.
 * Without a limit for all tokens, the `tokens` headers report the limit of which the least is left.
 */
export function limitHeaders(standing: readonly Standing[]): string[] {
  const tokens = standing.filter(({ kind }) => kind !== 'requests')
  const [scarcest] = tokens.toSorted((one, other) => one.remaining - other.remaining)
  const all =
    scarcest && tokens.every(({ kind }) => kind !== 'tokens')
      ? [...standing, { ...scarcest, kind: 'tokens' as const }]
      : standing
  const now = Date.now()
  return all.flatMap(({ kind, limit, remaining, resetMs }) => [
    `anthropic-ratelimit-${kind}-limit`,
    String(limit),
    `anthropic-ratelimit-${kind}-remaining`,
    String(kind === 'requests' ? remaining : Math.round(remaining / 1_000) * 1_000),
    `anthropic-ratelimit-${kind}-reset`,
    toSecond(now + resetMs),
  ])
}

/** Formats a time as RFC 3339, rounded up to the second. */
function toSecond(ms: number): string {
  return new Date(Math.ceil(ms / 1_000) * 1_000).toISOString().replace('.000Z', 'Z')
}
