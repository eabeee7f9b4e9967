import { openaiEndpoint } from '../openai/endpoint.ts'
import { ERRORS } from '../openai/errors.ts'
import { REQUEST } from '../openai/request.ts'
import { TOKENS } from '../openai/token-estimates.ts'
import type { Operation, Protocol } from '../protocol.ts'
import { CHAT_ANSWER, COMPLETION_ANSWER } from './chat-answer.ts'
import { CHAT_CACHING } from './chat-caching.ts'
import { ChatDialect } from './chat-dialect.ts'
import { CHAT_LAST_RESORT, COMPLETION_LAST_RESORT } from './chat-last-resort.ts'
import { withMaxTokens } from './max-tokens.ts'

const CHAT_PATH = '/chat/completions'
const COMPLETIONS_PATH = '/completions'

/** The chat completions endpoint. See https://platform.openai.com/docs/api-reference/chat */
const CHAT: Operation = {
  name: 'chat',
  protocol: 'openai-chat',
  vendor: 'openai',
  judged: true,
  portable: true,
  ambiguousRetries: 1,
  request: REQUEST,
  endpoint: openaiEndpoint({ path: CHAT_PATH, adapt: withMaxTokens }),
  answer: CHAT_ANSWER,
  errors: ERRORS,
  tokens: TOKENS,
  caching: CHAT_CACHING,
  lastResort: CHAT_LAST_RESORT,
  newDialect: ({ streamEnd }) => new ChatDialect(streamEnd),
}

/** The endpoint of the older Completions API. See https://platform.openai.com/docs/api-reference/completions */
const COMPLETIONS: Operation = {
  ...CHAT,
  name: 'completions',
  endpoint: openaiEndpoint({ path: COMPLETIONS_PATH }),
  answer: COMPLETION_ANSWER,
  lastResort: COMPLETION_LAST_RESORT,
}

export const openaiChat = {
  name: 'openai-chat',
  operations: ['chat', 'completions'],
  operationOf(path) {
    if (!path.endsWith(COMPLETIONS_PATH)) return undefined
    return path.endsWith(CHAT_PATH) ? CHAT : COMPLETIONS
  },
  operationOfBody: (body) => ('messages' in body ? CHAT : 'prompt' in body ? COMPLETIONS : undefined),
} as const satisfies Protocol
