import { cleanWord } from '../base/clean.ts'
import { isRecord } from '../base/json.ts'

/** A receipt lists no more of them than a request may ask choices for. */
export const MAX_REASONS = 128

/** Why an answer ended, as its body says: one for each choice, or the status of a response. */
export function finishReasonsOf(json: Readonly<Record<string, unknown>>): readonly string[] {
  const choices = Array.isArray(json['choices']) ? (json['choices'] as readonly unknown[]) : []
  const reasons = choices.map((choice) => (isRecord(choice) ? choice['finish_reason'] : undefined))
  if (typeof json['status'] === 'string' && json['object'] === 'response') reasons.push(json['status'])
  return reasons.filter(isFinishReason).slice(0, MAX_REASONS).map(cleanWord)
}

/**
 * Whether a value gives a reason. Any word is one, known or not (`eos`, `STOP`, `COMPLETE`); some servers write their language's
 * spelling of nothing as a text, and that is none.
 */
export function isFinishReason(value: unknown): value is string {
  return typeof value === 'string' && HAS_LETTER.test(value) && !SPELLED_NOTHING.test(value)
}

const HAS_LETTER = /\p{L}/u
const SPELLED_NOTHING = /^[\s"'<(]*(?:null|none|nil|undefined|nan|n\/a)[\s"'>)]*$/i
