import { createBatcher } from '@harbor/batch'
import { OptionError } from '../base/errors.ts'
import { inSection } from '../base/in-section.ts'

/** How embeddings that are asked for one by one become one request. */
export interface EmbeddingBatchOptions {
  /** How many inputs go into one request at most. @default 100 */
  maxBatchSize?: number | undefined
  /** How long the first of them waits for others, in milliseconds. @default 5 */
  maxWaitMs?: number | undefined
  /** About how many tokens one request may have; providers allow so many. A longer input goes by itself. @default 250_000 */
  maxBatchTokens?: number | undefined
}

export type EmbeddingBatchSettings = Required<{
  [Name in keyof EmbeddingBatchOptions]: NonNullable<EmbeddingBatchOptions[Name]>
}>

/**
 * @returns undefined when nothing is batched
 * @throws OptionError for an option that does not exist or makes no sense
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
