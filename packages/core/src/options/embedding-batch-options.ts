import { createBatcher } from '@harbor/batch'
import { OptionError } from '../base/errors.ts'
import { inSection } from '../base/in-section.ts'

/** Options for combining embeddings that are requested at the same time into one request. */
export interface EmbeddingBatchOptions {
  /** The maximum number of inputs of one request. @default 100 */
  maxBatchSize?: number | undefined
  /** How long the first input waits for others, in milliseconds. @default 5 */
  maxWaitMs?: number | undefined
  /**
   * The maximum number of tokens of one request, since providers have such a limit. The number is estimated. An input that is longer is
   * sent alone. @default 250_000
   */
  maxBatchTokens?: number | undefined
}

export type EmbeddingBatchSettings = Required<{
  [Name in keyof EmbeddingBatchOptions]: NonNullable<EmbeddingBatchOptions[Name]>
}>

/**
 * The settled options of embedding batches.
 * @returns undefined when batching is off
 * @throws OptionError for an unknown or invalid option
 */
export function embeddingBatchSettings(
  given: boolean | EmbeddingBatchOptions | undefined,
): EmbeddingBatchSettings | undefined {
  if (!given) return undefined
  const {
    maxBatchSize = 100,
    maxWaitMs = 5,
    maxBatchTokens = 250_000,
    ...others
  } = given === true ? {} : given
  const settings = { maxBatchSize, maxWaitMs, maxBatchTokens }
  const [unknown] = Object.keys(others)
  if (unknown !== undefined) {
    throw new OptionError(
      `embeddingBatch.${unknown}`,
      `embeddingBatch.${unknown} is not an option. There are: ${Object.keys(settings).join(', ')}.`,
    )
  }
  try {
    createBatcher(() => Promise.resolve([]), { ...settings, sizeOf: () => ({}) })
  } catch (error) {
    throw inSection('embeddingBatch', error)
  }
  return settings
}
