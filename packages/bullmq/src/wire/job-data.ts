import { assertJson, UnwritableValueError, type BulkContext } from '@harbor/batch'
import { PayloadTooLargeError } from './errors.ts'

/**
 * The maximum length of an item as JSON, in characters. A job is read and written in one piece, by Redis and by workers, and Redis takes no command
 * of more than 512 MB.
 */
const MAX_ITEM_LENGTH = 16 * 1024 * 1024

/** What a worker gets of an item. */
export interface JobData {
  readonly id: string
  readonly index: number
  readonly attempt: number
  readonly idempotencyKey: string
  /** The item as JSON, so that its length is known and BullMQ does not convert it a second time. */
  readonly item: string
}

/**
 * Returns the job for an item.
 *
 * @throws PayloadTooLargeError for an item that is too large
 * @throws TypeError for an item that JSON would change, so that the worker would get another one
 */
export function jobDataOf(item: unknown, context: BulkContext): JobData {
  const { id, index, attempt, idempotencyKey } = context
  try {
    assertJson(item)
  } catch (error) {
    if (!UnwritableValueError.is(error)) throw error
    const where = error.path === '' ? 'it' : error.path
    throw new TypeError(
      `an item must be plain JSON, since workers get it as JSON: ${where} is ${error.found}`,
      { cause: error },
    )
  }
  const text = JSON.stringify(item ?? null)
  if (text.length > MAX_ITEM_LENGTH) throw new PayloadTooLargeError('item', MAX_ITEM_LENGTH, text.length)
  return { id, index, attempt, idempotencyKey, item: text }
}

/** Reads a job that another process has written. @throws Error if it is none of this package */
export function readJobData(value: unknown): JobData {
  const { id, index, attempt, idempotencyKey, item } = Object(value) as Partial<
    Record<keyof JobData, unknown>
  >
  const isWhole = [index, attempt].every((number) => Number.isSafeInteger(number))
  const isText = [id, idempotencyKey, item].every((text) => typeof text === 'string')
  if (!isWhole || !isText) throw new Error('The queue holds a job that is not of a bulk run.')
  return value as JobData
}
