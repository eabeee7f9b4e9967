/**
 * While cut off, this share of a process' part can be used at once, and the rest of it in the course of this time, in milliseconds: little at first, since
 * Redis is often back after a moment.
 */
const AT_CUT = 0.005
const CUT_MS = 4_000

/**
 * The part of a pot that a process has while it is cut off: what was left at the last reply, divided by the number of members. What it has used between
 * that reply and the cut is part of it.
 */
export class CutOffPart {
  readonly #usedAtReply: number
  readonly #usedAtCut: number
  readonly #members: number
  readonly #since: number

  /**
   * @param usedAtReply what the process had spent at the last reply, in US dollars
   * @param usedAtCut what it has spent or reserved until now
   */
  constructor(usedAtReply: number, usedAtCut: number, members: number, now: number) {
    this.#usedAtReply = usedAtReply
    this.#usedAtCut = usedAtCut
    this.#members = members
    this.#since = now
  }

  /**
   * Returns what is left of the part, and how much of that is usable now.
   *
   * @param leftAtCut what was left for all at the last reply, apart from what it has spent and reserved itself
   * @param used what the process has spent or reserved until now
   */
  read(leftAtCut: number, used: number, now: number): { readonly left: number; readonly usable: number } {
    const part = Math.max(0, leftAtCut - this.#usedAtReply) / this.#members
    const usedSince = used - this.#usedAtCut
    const left = Math.max(0, part - (used - this.#usedAtReply))
    const share = Math.min(1, AT_CUT + ((now - this.#since) / CUT_MS) ** 2)
    // In any case, one call can be made.
    return { left, usable: usedSince <= 0 ? left : Math.min(left, Math.max(0, part * share - usedSince)) }
  }
}
