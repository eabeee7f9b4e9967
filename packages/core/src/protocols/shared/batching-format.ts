import type { JsonBody } from '../../base/json.ts'

/**
 * How several requests with one input each are combined into one request, and how the answer to it is split into an answer for each input.
 */
export interface BatchingFormat {
  /** Returns the single input of a request; undefined when the request has several, or an input that cannot be batched. */
  inputOf(body: JsonBody): string | undefined
  /** Returns the request without its input. Requests are sent as one batch only if they are the same without their inputs. */
  withoutInput(body: JsonBody): JsonBody
  withInputs(body: JsonBody, inputs: readonly string[]): JsonBody
  /**
   * Splits the answer to a batch.
   * @param count the number of inputs
   * @returns one answer for each input, in the order of the inputs. If the answer cannot be split, the reason: it has another number of
   * items (`unequal`), or the order of its items is not clear (`unclear-order`)
   */
  split(answer: JsonBody, count: number): readonly JsonBody[] | 'unequal' | 'unclear-order'
  /**
   * Returns a copy of an answer that `split` returned, with `inputTokens` as its usage: the share of this input in the tokens of the batch.
   */
  withUsage(answer: JsonBody, inputTokens: number): JsonBody
}
