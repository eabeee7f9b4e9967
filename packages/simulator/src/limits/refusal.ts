import { type Answer, errorAnswer } from '../answers/answer.ts'
import { goDuration, wholeMs } from './go-duration.ts'
import type { Shortage } from './quota-meter.ts'

const visit = 'Visit https://platform.openai.com/account/rate-limits to learn more.'

/** OpenAI's 429. */
export function refusal(shortage: Shortage, model: string): Answer {
  return errorAnswer(429, {
    message: messageOf(shortage, `${model} in organization org-harbor`),
    type: shortage.kind === 'tokens' || shortage.kind === 'too-large' ? 'tokens' : 'requests',
    param: null,
    code: 'rate_limit_exceeded',
  })
}

function messageOf(shortage: Shortage, whose: string): string {
  switch (shortage.kind) {
    case 'concurrency':
      return `Rate limit reached for ${whose} on concurrent requests: Limit ${shortage.limit}. Please try again later.`
    case 'too-large':
      return `Request too large for ${whose} on tokens per min (TPM): Limit ${shortage.limit}, Requested ${shortage.requested}. The input or output tokens must be reduced in order to run successfully. ${visit}`
    default: {
      const { kind, limit, used, requested, waitMs } = shortage
      return `Rate limit reached for ${whose} on ${kind} per min (${kind === 'requests' ? 'RPM' : 'TPM'}): Limit ${limit}, Used ${used}, Requested ${requested}. Please try again in ${goDuration(waitMs)}. ${visit}`
    }
  }
}

/** `retry-after` in whole seconds and `retry-after-ms`, if waiting helps and the time is known. */
export function retryHeaders(shortage: Shortage): string[] {
  if (!('waitMs' in shortage)) return []
  const ms = wholeMs(shortage.waitMs)
  return ['retry-after', String(Math.ceil(ms / 1_000)), 'retry-after-ms', String(ms)]
}
