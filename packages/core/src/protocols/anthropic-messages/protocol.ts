import type { Operation, Protocol } from '../protocol.ts'
import { otherEndpoints } from '../unknown/operation.ts'
import { actionOf, COUNT_PATH, MESSAGES_PATH } from './address.ts'
import { messagesEndpoint } from './endpoint.ts'
import { ERRORS } from './errors.ts'
import { COUNT_ANSWER, MESSAGES_ANSWER } from './messages-answer.ts'
import { MESSAGES_CACHING } from './messages-caching.ts'
import { MESSAGES_CONTINUING } from './messages-continuing.ts'
import { MessagesDialect } from './messages-dialect.ts'
import { MESSAGES_LAST_RESORT } from './messages-last-resort.ts'
import { MESSAGES_QUESTION } from './messages-question.ts'
import { NO_TOKENS, TOKENS } from './messages-tokens.ts'
import { messagesOfBody } from './operation-of-body.ts'
import { isPinned, REQUEST } from './request.ts'

/** The endpoint of the Messages API. See https://platform.claude.com/docs/en/api/messages */
const MESSAGES: Operation = {
  name: 'messages',
  protocol: 'anthropic-messages',
  vendor: 'anthropic',
  checksAnswers: true,
  portable: true,
  ambiguousRetries: 1,
  request: REQUEST,
  endpoint: messagesEndpoint(MESSAGES_PATH),
  answer: MESSAGES_ANSWER,
  errors: ERRORS,
  tokens: TOKENS,
  caching: MESSAGES_CACHING,
  lastResort: MESSAGES_LAST_RESORT,
  newDialect: () => new MessagesDialect(),
  continuing: MESSAGES_CONTINUING,
  asking: async () => MESSAGES_QUESTION,
}

/**
 * Requests that only one account can serve, and only once. They are sent to no other target. If such a request may have been carried out,
 * it is not repeated.
 */
const PINNED: Operation = { ...MESSAGES, portable: false, ambiguousRetries: 0, continuing: undefined }

const COUNT_ENDPOINT = messagesEndpoint(COUNT_PATH)

/** The endpoint that counts the tokens of a request. It is free, and has rate limits of its own. */
const COUNT: Operation = {
  ...MESSAGES,
  name: 'count_tokens',
  ambiguousRetries: Infinity,
  request: { ...REQUEST, isStreaming: () => false, mayBeBilled: () => false },
  endpoint: { ...COUNT_ENDPOINT, quotaModelOf: () => 'count_tokens' },
  answer: COUNT_ANSWER,
  errors: { ...ERRORS, rateLimitsOf: () => ({}) },
  tokens: NO_TOKENS,
  asking: undefined,
  caching: { ...MESSAGES_CACHING, whyUnsafe: () => undefined, refusalOf: () => undefined },
  lastResort: { ...MESSAGES_LAST_RESORT, bodyOf: () => undefined },
}

/** Batches, files and all other endpoints of Anthropic. */
const OTHER = otherEndpoints({ vendor: 'anthropic', errors: ERRORS, newDialect: () => new MessagesDialect() })

export const anthropicMessages: Protocol = {
  name: 'anthropic-messages',
  operations: ['messages', 'count_tokens'],
  operationOf(path, body) {
    const action = actionOf(path)
    if (action === 'messages') return isPinned(body) ? PINNED : MESSAGES
    return action && COUNT
  },
  operationOfBody(body) {
    const recognised = messagesOfBody(body)
    return recognised && (recognised.portable ? MESSAGES : PINNED)
  },
  otherEndpoints: () => OTHER,
}
