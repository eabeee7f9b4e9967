import type { PromptTarget } from './prompt-target.ts'

const DIGITS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
const HASH_LENGTH = 9

/**
 * Replaces tool call ids that the target refuses. The same id always becomes the same text, so that the prompt of each
 * step begins like that of the step before and prompt caches stay valid. Two ids never become one.
 */
export class ToolCallIds {
  readonly #target: PromptTarget
  readonly #given: ReadonlySet<string>
  readonly #replaced = new Map<string, string>()
  readonly #taken = new Set<string>()

  /** @param given - All ids of the prompt: a replaced id is none of them. */
  constructor(target: PromptTarget, given: ReadonlySet<string>) {
    this.#target = target
    this.#given = given
  }

  /** The number of ids that were replaced. */
  get count(): number {
    return this.#replaced.size
  }

  of(id: string): string {
    if (this.#target.toolCallId === undefined || this.#target.toolCallId.test(id)) return id
    const known = this.#replaced.get(id)
    if (known !== undefined) return known
    let again = 0
    let replaced = this.#hashed(id, again)
    while (this.#taken.has(replaced) || this.#given.has(replaced)) replaced = this.#hashed(id, ++again)
    this.#taken.add(replaced)
    this.#replaced.set(id, replaced)
    return replaced
  }

  #hashed(id: string, seed: number): string {
    return this.#target.toolCallIdPrefix + hash(id, seed)
  }
}

/** Two 32-bit FNV-1a hashes as nine digits of base 62. Not for secrets: it only has to spread. */
function hash(text: string, seed: number): string {
  let high = 0x811c9dc5 ^ seed
  let low = 0x9747b28c ^ seed
  for (let at = 0; at < text.length; at++) {
    high = Math.imul(high ^ text.charCodeAt(at), 0x01000193)
    low = Math.imul(low ^ text.charCodeAt(at), 0x85ebca6b)
  }
  let rest = (high >>> 11) * 0x1_0000_0000 + (low >>> 0)
  let digits = ''
  while (digits.length < HASH_LENGTH) {
    digits += DIGITS[rest % 62] ?? ''
    rest = Math.floor(rest / 62)
  }
  return digits
}
