import type {
  LanguageModelV4FinishReason,
  LanguageModelV4GenerateResult,
  LanguageModelV4StreamPart,
  LanguageModelV4Usage,
} from '@ai-sdk/provider'
import { HARBOR } from '../receipts/receipt-of.ts'
import type { ModelReceipt } from '../receipts/receipt.ts'

const FINISH: LanguageModelV4FinishReason = { unified: 'other', raw: 'last-resort' }
const NO_USAGE: LanguageModelV4Usage = {
  inputTokens: { total: 0, noCache: 0, cacheRead: 0, cacheWrite: 0 },
  outputTokens: { total: 0, text: 0, reasoning: 0 },
}
const TEXT_ID = 'last-resort'

/** Returns the text of the last resort as an answer. */
export function answerOf(text: string): LanguageModelV4GenerateResult {
  return { content: [{ type: 'text', text }], finishReason: FINISH, usage: NO_USAGE, warnings: [] }
}

/** Returns the text of the last resort as a stream. */
export function streamOf(text: string, end: () => ModelReceipt): ReadableStream<LanguageModelV4StreamPart> {
  const parts: LanguageModelV4StreamPart[] = [
    { type: 'stream-start', warnings: [] },
    { type: 'text-start', id: TEXT_ID },
    { type: 'text-delta', id: TEXT_ID, delta: text },
    { type: 'text-end', id: TEXT_ID },
  ]
  const harbor = end() as unknown as Record<string, never>
  parts.push({
    type: 'finish',
    finishReason: FINISH,
    usage: NO_USAGE,
    providerMetadata: { [HARBOR]: harbor },
  })
  return new ReadableStream({
    pull(controller) {
      const part = parts.shift()
      if (part) controller.enqueue(part)
      else controller.close()
    },
  })
}
