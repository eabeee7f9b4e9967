import type { JsonBody } from '../../base/json.ts'
import { isOpenAI, openaiEndpoint, type AdaptedFor } from '../openai/endpoint.ts'
import { ERRORS } from '../openai/errors.ts'
import { REQUEST } from '../openai/request.ts'
import { TOKENS } from '../openai/token-estimates.ts'
import type { Operation, Protocol, ProviderFormat } from '../protocol.ts'
import { CHAT_ANSWER, COMPLETION_ANSWER } from './chat-answer.ts'
import { CHAT_CACHING } from './chat-caching.ts'
import { CHAT_CONTINUING } from './chat-continuing.ts'
import { ChatDialect } from './chat-dialect.ts'
import { whyUnable, withoutIgnored } from './compatible.ts'
import { CHAT_LAST_RESORT, COMPLETION_LAST_RESORT } from './chat-last-resort.ts'

const CHAT_PATH = '/chat/completions'
const COMPLETIONS_PATH = '/completions'

/** The chat completions endpoint. See https://platform.openai.com/docs/api-reference/chat */
const CHAT: Operation = {
  name: 'chat',
  protocol: 'openai-chat',
  vendor: 'openai',
  checksAnswers: true,
  portable: true,
  ambiguousRetries: 1,
  request: REQUEST,
  endpoint: openaiEndpoint({ path: CHAT_PATH, adapt: adaptChat, whyUnable }),
  answer: CHAT_ANSWER,
  errors: ERRORS,
  tokens: TOKENS,
  caching: CHAT_CACHING,
  lastResort: CHAT_LAST_RESORT,
  newDialect: ({ streamEnd }) => new ChatDialect(streamEnd),
  continuing: CHAT_CONTINUING,
  asking: async () => (await import('./chat-question.ts')).CHAT_QUESTION,
}

/** The endpoint of the older Completions API. See https://platform.openai.com/docs/api-reference/completions */
const COMPLETIONS: Operation = {
  ...CHAT,
  name: 'completions',
  endpoint: openaiEndpoint({
    path: COMPLETIONS_PATH,
    whyUnable: (_body, { kind }) =>
      kind === 'anthropic' || kind === 'google' ? 'does not have the older Completions API' : undefined,
  }),
  answer: COMPLETION_ANSWER,
  continuing: undefined,
  asking: undefined,
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

function adaptChat(body: JsonBody, to: AdaptedFor, adaptations: string[]): JsonBody {
  return withoutIgnored(withMaxTokens(body, to, adaptations), to.provider, adaptations)
}

type LimitName = ProviderFormat['maxTokensParam']

/**
 * Renames the output limit to the name that the target accepts. OpenAI's reasoning models refuse `max_tokens`, while many other providers
 * accept no other name.
 * @param adaptations collects a note about the rename
 */
function withMaxTokens(body: JsonBody, to: AdaptedFor, adaptations: string[]): JsonBody {
  const wanted = to.provider.maxTokensParam ?? nameFor(to)
  const other = wanted === 'max_tokens' ? 'max_completion_tokens' : 'max_tokens'
  if (wanted === undefined || body[other] == null) return body
  const { [other]: limit, ...rest } = body
  adaptations.push(`${other} sent as ${wanted}`)
  return { ...rest, [wanted]: rest[wanted] ?? limit }
}

function nameFor({ model = '', provider }: AdaptedFor): LimitName {
  // Anthropic's compatible endpoint accepts both names, and Google's reads the new one as another name of the old one.
  if (provider.kind === 'anthropic') return undefined
  if (provider.kind === 'google') return 'max_tokens'
  if (provider.kind === 'openai' && !isOpenAI(provider.baseURL)) return 'max_tokens'
  return /^(?:o\d|gpt-5)/.test(model) ? 'max_completion_tokens' : undefined
}
