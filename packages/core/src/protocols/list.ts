import { isMessagesPath } from './anthropic-messages/address.ts'
import { messagesOfBody } from './anthropic-messages/operation-of-body.ts'
import { isGeminiPath } from './gemini-generate/gemini-url.ts'
import { geminiOfBody } from './gemini-generate/operation-of-body.ts'
import { late } from './late.ts'
import { openaiChat } from './openai-chat/protocol.ts'
import { openaiEmbeddings } from './openai-embeddings/protocol.ts'
import { openaiResponses } from './openai-responses/protocol.ts'
import type { Protocol } from './protocol.ts'

/**
 * What a request asks for, as the option `lastResort` receives it: `chat` (chat completions), `messages` (Anthropic), `generateContent` (Gemini) and
 * so on. `other`: every endpoint that belongs to no protocol.
 */
export type OperationName =
  | 'chat'
  | 'completions'
  | 'responses'
  | 'embeddings'
  | 'messages'
  | 'count_tokens'
  | 'generateContent'
  | 'embedContent'
  | 'countTokens'
  | 'other'

/**
 * The protocols that Harbor knows, one line each. The code for OpenAI's protocols is loaded with the package. Any other protocol is listed
 * with `late()`, which loads its code when it is first used.
 */
export const PROTOCOLS = [
  openaiChat,
  openaiEmbeddings,
  openaiResponses,
  late({
    name: 'anthropic-messages',
    operations: ['messages', 'count_tokens'],
    recognises: isMessagesPath,
    operationOfBody: messagesOfBody,
    load: async () => (await import('./anthropic-messages/protocol.ts')).anthropicMessages,
  }),
  late({
    name: 'gemini-generate',
    operations: ['generateContent', 'embedContent', 'countTokens'],
    recognises: isGeminiPath,
    operationOfBody: geminiOfBody,
    load: async () => (await import('./gemini-generate/protocol.ts')).geminiGenerate,
  }),
] as const satisfies readonly (Protocol & { readonly operations: readonly OperationName[] })[]
