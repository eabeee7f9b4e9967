import { openaiChat } from './openai-chat/protocol.ts'
import { openaiEmbeddings } from './openai-embeddings/protocol.ts'
import { openaiResponses } from './openai-responses/protocol.ts'
import type { Protocol } from './protocol.ts'

/** The protocols that Harbor knows, one line each. OpenAI's are loaded with the package; others are listed by `late()`. */
export const PROTOCOLS = [
  openaiChat,
  openaiEmbeddings,
  openaiResponses,
] as const satisfies readonly Protocol[]

/** The name of an operation, as `lastResort` gets it; `other` is an endpoint of no protocol. */
export type OperationName = (typeof PROTOCOLS)[number]['operations'][number] | 'other'
