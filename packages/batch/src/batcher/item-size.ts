import { RequestTooLargeError } from '../errors.ts'
import { describeValue } from '@harbor/parts'
import type { BatcherSettings } from './options.ts'

/**
 * Returns the size of an item, rounded up to whole bytes and tokens so that sums stay exact.
 *
 * @throws RequestTooLargeError for an item that no batch can hold
 * @throws TypeError if `sizeOf` returns an invalid size, or leaves out a size that `maxBatchBytes` or `maxBatchTokens` limits
 */
export function sizeOfItem<Item>(
  item: Item,
  settings: BatcherSettings<Item>,
): { readonly bytes: number; readonly tokens: number } {
  if (!settings.sizeOf) return NO_SIZE
  const size = settings.sizeOf(item)
  const { maxBatchBytes, maxBatchTokens } = settings
  const bytes = whole(size.bytes, 'bytes', maxBatchBytes)
  const tokens = whole(size.tokens, 'tokens', maxBatchTokens)
  if (bytes > maxBatchBytes) throw new RequestTooLargeError('maxBatchBytes', maxBatchBytes, bytes)
  if (tokens > maxBatchTokens) throw new RequestTooLargeError('maxBatchTokens', maxBatchTokens, tokens)
  return { bytes, tokens }
}

const NO_SIZE = { bytes: 0, tokens: 0 }

function whole(value: number | undefined, name: string, limit: number): number {
  if (value === undefined && limit === Infinity) return 0
  if (typeof value === 'number' && value >= 0 && value < Infinity) return Math.ceil(value)
  throw new TypeError(`sizeOf must return ${name} as a number of at least 0, got ${describeValue(value)}`)
}
