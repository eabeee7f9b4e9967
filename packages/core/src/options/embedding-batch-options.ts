import { createBatcher } from '@harbor/batch'
import { OptionError } from '../base/errors.ts'
import { inSection } from '../base/in-section.ts'

/**
 * Options for combining embedding requests with one input each, made at the same time, into one request. All numbers are whole and at least 1, except
 * `maxWaitMs`.
 */
export interface EmbeddingBatchOptions {
  /** The maximum number of inputs of one request, at least 1. A full request is sent at once. @default 100 */
  maxBatchSize?: number | undefined
  /** How long the first input of a request waits for other inputs, in milliseconds, at least 0. @default 5 */
  maxWaitMs?: number | undefined
  /**
   * The maximum number of tokens of one request, because providers limit it. Harbor estimates the number of tokens. An input that is longer
   * by itself is sent alone. @default 250_000
   */
  maxBatchTokens?: number | undefined
}

export type EmbeddingBatchSettings = Required<{
  [Name in keyof EmbeddingBatchOptions]: NonNullable<EmbeddingBatchOptions[Name]>
}>

/**
 * Checks the option `embeddingBatch`, and fills in its defaults.
 * @returns undefined when the feature is off
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
  inSection('embeddingBatch', () =>
    createBatcher(() => Promise.resolve([]), { ...settings, sizeOf: () => ({}) }),
  )
  return settings
}
