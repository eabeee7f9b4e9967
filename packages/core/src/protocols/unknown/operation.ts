import { ANSWER } from '../openai/answer.ts'
import { openaiEndpoint } from '../openai/endpoint.ts'
import { ERRORS } from '../openai/errors.ts'
import { REQUEST } from '../openai/request.ts'
import { TOKENS } from '../openai/token-estimates.ts'
import { CHAT_CACHING } from '../openai-chat/chat-caching.ts'
import { COMPLETION_LAST_RESORT } from '../openai-chat/chat-last-resort.ts'
import type { Operation } from '../protocol.ts'
import { AnyDialect } from './any-dialect.ts'
import { mayBeBilled } from './unknown-requests.ts'

/**
 * Requests to an endpoint that Harbor does not know. They are sent only to the provider that they are addressed to. Of their answers, only
 * event streams are checked; others are passed on unchecked.
 */
export const UNKNOWN: Operation = {
  name: 'other',
  protocol: undefined,
  vendor: 'openai',
  judged: false,
  portable: false,
  ambiguousRetries: 0,
  request: { ...REQUEST, mayBeBilled },
  endpoint: openaiEndpoint({ path: undefined }),
  answer: { ...ANSWER, missing: () => undefined },
  errors: ERRORS,
  tokens: TOKENS,
  caching: { ...CHAT_CACHING, whyUnsafe: () => 'not-a-question' },
  lastResort: { ...COMPLETION_LAST_RESORT, bodyOf: () => undefined },
  newDialect: () => new AnyDialect(),
}

/** Requests that only read (GET, HEAD, OPTIONS), and may be repeated any number of times. */
export const READ: Operation = { ...UNKNOWN, ambiguousRetries: Infinity }
