/** The most reasons in a receipt, which is the most choices that a request may ask for. */
export const MAX_REASONS = 128

/**
 * Whether a value gives a reason. Any word is one, known or not (`eos`, `STOP`, `COMPLETE`); some servers write their language's
 * spelling of nothing as a text, and that is none.
 */
export function isFinishReason(value: unknown): value is string {
  return typeof value === 'string' && HAS_LETTER.test(value) && !SPELLED_NOTHING.test(value)
}

const HAS_LETTER = /\p{L}/u
const SPELLED_NOTHING = /^[\s"'<(]*(?:null|none|nil|undefined|nan|n\/a)[\s"'>)]*$/i
