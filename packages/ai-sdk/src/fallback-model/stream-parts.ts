import type {
  LanguageModelV4Content,
  LanguageModelV4FinishReason,
  LanguageModelV4StreamPart,
} from '@ai-sdk/provider'
import { isRecord } from '../json.ts'
import { MalformedAnswerError } from './errors.ts'

/** The parts that give the reader nothing yet. Every other part is content, also one of a type that is not known here. */
const LIFECYCLE: ReadonlySet<string> = new Set([
  'stream-start',
  'response-metadata',
  'text-start',
  'text-end',
  'reasoning-start',
  'reasoning-end',
  'tool-input-start',
  'tool-input-end',
  'raw',
  'ping',
])

/** Checks a part of a stream before it is read. @throws MalformedAnswerError if it is no object */
export function checkPart(part: unknown, name: string): void {
  if (!isRecord(part)) throw new MalformedAnswerError(name, 'a part that is no object')
}

/** Whether a part of a stream is content: it gives the reader something, so that no other answer can replace this one. */
export function isContent(part: LanguageModelV4StreamPart): boolean {
  if (LIFECYCLE.has(part.type)) return false
  return !('delta' in part) || part.delta !== ''
}

/**
 * Whether a finish reason shows that the answer is incomplete: a failure, or no reason at all. Provider packages report `other` without a
 * reason of the provider when the connection was closed early.
 */
export function isIncomplete(reason: LanguageModelV4FinishReason | null | undefined): boolean {
  if (!reason) return true
  const { unified, raw } = reason
  return unified === 'error' || unified === 'interrupted' || (unified === 'other' && raw === undefined)
}

/** Whether the content of an answer is empty. */
export function isEmpty(content: readonly LanguageModelV4Content[]): boolean {
  return content.every((part) => (part.type === 'text' || part.type === 'reasoning') && part.text === '')
}
