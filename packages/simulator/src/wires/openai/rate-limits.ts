import { goDuration, wholeMs } from '../../limits/go-duration.ts'
import type { Shortage, Standing } from '../../limits/quota-meter.ts'
import type { RecordedRequest } from '../../journal.ts'
import type { Problem } from '../wire.ts'

const visit = 'Visit https://platform.openai.com/account/rate-limits to learn more.'

/** Returns OpenAI's 429 for a call that exceeds a limit. */
export function overLimit(shortage: Shortage, { model = '' }: RecordedRequest, quiet: boolean): Problem {
  return {
    status: 429,
    message: messageOf(shortage, `${model} in organization org-harbor`),
    errorType: shortage.kind === 'requests' || shortage.kind === 'concurrency' ? 'requests' : 'tokens',
    code: 'rate_limit_exceeded',
    headers: quiet ? [] : waitHeaders(shortage),
  }
}

/**
 * Returns headers with what is left of each limit, and the time until all of it is available again. OpenAI reports
 * requests and tokens.
 */
export function limitHeaders(standing: readonly Standing[]): string[] {
  return standing
    .filter(({ kind }) => kind === 'requests' || kind === 'tokens')
    .flatMap(({ kind, limit, remaining, resetMs }) => [
      `x-ratelimit-limit-${kind}`,
      String(limit),
      `x-ratelimit-remaining-${kind}`,
      String(remaining),
      `x-ratelimit-reset-${kind}`,
      goDuration(resetMs),
    ])
}

function messageOf(shortage: Shortage, whose: string): string {
  switch (shortage.kind) {
    case 'concurrency':
      return `Rate limit reached for ${whose} on concurrent requests: Limit ${shortage.limit}. Please try again later.`
    case 'too-large':
      return `Request too large for ${whose} on tokens per min (TPM): Limit ${shortage.limit}, Requested ${shortage.requested}. The input or output tokens must be reduced in order to run successfully. ${visit}`
    default: {
      const { kind, limit, used, requested, waitMs } = shortage
      return `Rate limit reached for ${whose} on ${kind.replace('-', ' ')} per min (${kind === 'requests' ? 'RPM' : 'TPM'}): Limit ${limit}, Used ${used}, Requested ${requested}. Please try again in ${goDuration(waitMs)}. ${visit}`
    }
  }
}

/** Returns `retry-after` in whole seconds and `retry-after-ms`, if waiting helps and the time is known. */
function waitHeaders(shortage: Shortage): string[] {
  if (!('waitMs' in shortage)) return []
  const ms = wholeMs(shortage.waitMs)
  return ['retry-after', String(Math.ceil(ms / 1_000)), 'retry-after-ms', String(ms)]
}
