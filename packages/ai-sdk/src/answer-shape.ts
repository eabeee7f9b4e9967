import type { LanguageModelV4StreamPart } from '@ai-sdk/provider'
import { isRecord } from './json.ts'

/** Whether a value has the shape of what `doGenerate` resolves to: a list of parts. A model need not follow its types. */
export function hasContent(result: unknown): boolean {
  return isRecord(result) && Array.isArray(result['content']) && result['content'].every(isRecord)
}

/** Whether a value has the shape of what `doStream` resolves to: a stream that can be read. */
export function hasStream(result: unknown): result is { readonly stream: AnswerStream } {
  const { stream }: { stream?: unknown } = isRecord(result) ? result : {}
  return isRecord(stream) && 'getReader' in stream && stream['locked'] !== true
}

type AnswerStream = ReadableStream<LanguageModelV4StreamPart>
