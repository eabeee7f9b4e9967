import type { JournalRecord } from './journal.ts'
import { UnwritableValueError } from './errors.ts'

/** The maximum size of a record, in bytes. Readers of a journal use it as the maximum length of a line. */
export const MAX_RECORD_BYTES = 64 * 1024 * 1024

/**
 * Encodes a record as a line of JSON. An undefined value is left out, so it is undefined again when the record is read.
 *
 * @throws UnwritableValueError for a value that JSON would change, or that is too large
 */
export function encodeRecord({ id, index, attempts, durationMs, value }: JournalRecord): string {
  assertJson(value)
  const line = JSON.stringify({ id, index, attempts, durationMs, value })
  // A character takes at most three bytes: count the bytes only if the line may be too long.
  if (line.length * 3 > MAX_RECORD_BYTES && Buffer.byteLength(line) >= MAX_RECORD_BYTES) {
    throw new UnwritableValueError('', `a value of more than ${MAX_RECORD_BYTES} bytes`)
  }
  return `${line}\n`
}

/**
 * Checks that a value is the same after it was written as JSON and read again. An undefined value passes, and so do undefined properties.
 *
 * @throws UnwritableValueError for a value that JSON would change
 */
export function assertJson(value: unknown): void {
  if (value === undefined) return
  try {
    visit(value, '')
  } catch (error) {
    // The checks themselves throw no RangeError, so this one is a stack overflow.
    throw error instanceof RangeError
      ? new UnwritableValueError('', 'what contains itself or is nested too deeply')
      : error
  }
}

/**
 * Checks a value and everything in it. Undefined properties are allowed: JSON leaves them out, and reading them gives undefined again.
 *
 * @param path where the value is in the result, such as `choices[0].created`
 * @throws UnwritableValueError for a value that JSON would change
 */
function visit(value: unknown, path: string): void {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return
    case 'number':
      if (!Number.isFinite(value)) throw new UnwritableValueError(path, String(value))
      return
    case 'object':
      if (value !== null) visitObject(value, path)
      return
    default:
      throw new UnwritableValueError(
        path,
        value === undefined ? 'undefined in an array' : `a ${typeof value}`,
      )
  }
}

function visitObject(value: object, path: string): void {
  if (Array.isArray(value)) {
    for (let at = 0; at < value.length; at++) {
      // A fast path, which builds no `path`: an embedding has thousands of numbers.
      if (Number.isFinite(value[at])) continue
      visit(value[at], `${path}[${at}]`)
    }
    return
  }
  const tag = Object.prototype.toString.call(value).slice('[object '.length, -1)
  if (tag !== 'Object' || typeof (value as { toJSON?: unknown }).toJSON === 'function') {
    throw new UnwritableValueError(path, `an object that JSON would change (${tag})`)
  }
  for (const name of Object.keys(value)) {
    const property = (value as Record<string, unknown>)[name]
    if (property !== undefined) visit(property, path === '' ? name : `${path}.${name}`)
  }
}
