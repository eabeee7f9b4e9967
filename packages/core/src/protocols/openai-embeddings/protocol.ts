import { openaiEndpoint } from '../openai/endpoint.ts'
import { ERRORS } from '../openai/errors.ts'
import { REQUEST } from '../openai/request.ts'
import { INPUT_TOKENS } from '../openai/token-estimates.ts'
import { ChatDialect } from '../openai-chat/chat-dialect.ts'
import { CHAT_CACHING } from '../openai-chat/chat-caching.ts'
import { COMPLETION_LAST_RESORT } from '../openai-chat/chat-last-resort.ts'
import type { Operation, Protocol } from '../protocol.ts'
import { EMBEDDINGS_ANSWER } from './embeddings-answer.ts'
import { EMBEDDINGS_BATCHING } from './embeddings-batching.ts'

const PATH = '/embeddings'

/** The embeddings endpoint. See https://platform.openai.com/docs/api-reference/embeddings */
const EMBEDDINGS: Operation = {
  name: 'embeddings',
  protocol: 'openai-embeddings',
  vendor: 'openai',
  checksAnswers: true,
  portable: true,
  ambiguousRetries: 1,
  request: REQUEST,
  endpoint: openaiEndpoint({ path: PATH }),
  answer: EMBEDDINGS_ANSWER,
  errors: ERRORS,
  tokens: INPUT_TOKENS,
  caching: {
    whyUnsafe: () => undefined,
    refusalOf({ error, data }) {
      if (error != null) return 'error'
      return Array.isArray(data) && data.length > 0 ? undefined : 'incomplete'
    },
    newProof: CHAT_CACHING.newProof,
  },
  // A last resort that returns a text cannot answer a request for vectors.
  lastResort: { ...COMPLETION_LAST_RESORT, bodyOf: () => undefined },
  batching: EMBEDDINGS_BATCHING,
  newDialect: ({ streamEnd }) => new ChatDialect(streamEnd),
}

export const openaiEmbeddings = {
  name: 'openai-embeddings',
  operations: ['embeddings'],
  operationOf: (path) => (path.endsWith(PATH) ? EMBEDDINGS : undefined),
} as const satisfies Protocol
