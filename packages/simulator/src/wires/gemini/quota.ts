import type { RecordedRequest } from '../../journal.ts'
import { wholeMs } from '../../limits/go-duration.ts'
import type { QuotaKind, Shortage } from '../../limits/quota-meter.ts'
import type { VendorFault } from '../../script/fault.ts'
import type { Problem } from '../wire.ts'
import { rpc } from './errors.ts'

/** Returns the error that Google sends for a fault such as `overloaded` or `quota`. */
export function problemOf(fault: VendorFault, { model }: RecordedRequest): Problem {
  switch (fault.type) {
    case 'overloaded':
    case 'tier-unavailable':
      return { status: 503, retryAfter: fault.retryAfter }
    case 'context-length':
      return {
        status: 400,
        message: 'The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).',
      }
    case 'quota': {
      const { per, limit = 10, retryAfter = '36' } = fault
      const period = per === 'minute' ? 'PerMinute' : 'PerDay'
      return exhausted(`GenerateRequests${period}PerProjectPerModel-FreeTier`, limit, model, retryAfter)
    }
    case 'spend-limit':
      return {
        status: 429,
        message: 'Your project has exceeded its monthly spending cap. Raise the cap to continue.',
        code: fault.code,
      }
  }
}

const quotaIds: Readonly<Record<QuotaKind | 'concurrency', string>> = {
  requests: 'GenerateRequestsPerMinutePerProjectPerModel',
  tokens: 'GenerateContentTokensPerModelPerMinute',
  'input-tokens': 'GenerateContentInputTokensPerModelPerMinute',
  'output-tokens': 'GenerateContentOutputTokensPerModelPerMinute',
  concurrency: 'ConcurrentRequestsPerProjectPerModel',
}

/** Returns Google's 429 for a call that exceeds a limit. Google has no headers about limits. */
export function overLimit(shortage: Shortage, { model }: RecordedRequest, quiet: boolean): Problem {
  const kind = shortage.kind === 'too-large' ? shortage.of : shortage.kind
  const wait = 'waitMs' in shortage && !quiet ? wholeMs(shortage.waitMs) : undefined
  return exhausted(quotaIds[kind], shortage.limit, model, wait)
}

function exhausted(
  quotaId: string,
  limit: number,
  model: string | undefined,
  retryAfter: Problem['retryAfter'],
): Problem {
  const quotaMetric = 'generativelanguage.googleapis.com/generate_content_requests'
  return {
    status: 429,
    message: `You exceeded your current quota, please check your plan and billing details.\n* Quota exceeded for metric: ${quotaMetric}, limit: ${limit}`,
    retryAfter,
    details: [
      {
        '@type': `${rpc}QuotaFailure`,
        violations: [
          {
            quotaMetric,
            quotaId,
            quotaDimensions: { location: 'global', model },
            quotaValue: String(limit),
          },
        ],
      },
    ],
  }
}
