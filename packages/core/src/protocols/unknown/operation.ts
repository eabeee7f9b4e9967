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

/** An endpoint that Harbor does not know. Its requests stay where they are addressed to, and their answers pass through. */
export const UNKNOWN: Operation = {
  name: 'other',
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

/** A request that only reads, and may be repeated as often as needed. */
export const READ: Operation = { ...UNKNOWN, ambiguousRetries: Infinity }
