import { MalformedAnswerError } from '../fallback-model/errors.ts'

/** The maximum number of requested dimensions for which the dimensions of answers are remembered. */
const MAX_REQUESTED = 64

/**
 * Compares the dimensions of the vectors of all targets, so that vectors of different models are not mixed. The first target of the list
 * that has answered decides: a wrong answer of a later target never excludes an earlier one.
 */
export class KnownDimensions {
  readonly #known = new Map<number | undefined, { readonly length: number; readonly place: number }>()

  /**
   * @param requested the option `dimensions` of the call
   * @param length the number of dimensions in the answer; `undefined` for an answer without vectors
   * @param place the index of the target in the list of models
   * @throws MalformedAnswerError if a target before this one has answered with another number
   */
  check(requested: number | undefined, length: number | undefined, name: string, place: number): void {
    if (length === undefined) return
    const known = this.#known.get(requested)
    if (known && known.place < place && known.length !== length)
      throw new MalformedAnswerError(
        name,
        `${length} dimensions instead of the ${known.length} of other targets`,
      )
    if ((!known || known.place >= place) && (known || this.#known.size < MAX_REQUESTED))
      this.#known.set(requested, { length, place })
  }
}
