/** The maximum number of finish reasons in a receipt: the maximum number of choices that a request may ask for. */
export const MAX_REASONS = 128

/**
 * Whether a value is a finish reason. Any word counts, known or not (`eos`, `STOP`, `COMPLETE`). A `null`, `None` or `nil` that a server
 * sends as text does not.
 */
export function isFinishReason(value: unknown): value is string {
  return typeof value === 'string' && HAS_LETTER.test(value) && !SPELLED_NOTHING.test(value)
}

const HAS_LETTER = /\p{L}/u
const SPELLED_NOTHING = /^[\s"'<(]*(?:null|none|nil|undefined|nan|n\/a)[\s"'>)]*$/i
