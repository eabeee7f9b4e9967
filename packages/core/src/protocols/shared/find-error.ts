import { isRecord } from '../../base/json.ts'
import { MAX_DEPTH, MAX_PARTS, plainName, readError, STATUS, type UpstreamError } from './read-error.ts'

type Facts = Readonly<Record<string, unknown>>

/**
 * Returns the error that an answer or an event declares: in `error`, by `object: "error"` or `type: "error"`, in one of its choices, or in
 * an item of a list. Undefined if it declares none. An `error` that is null or empty declares none, since many good answers contain one.
 */
export function declaredError(value: unknown): UpstreamError | undefined {
  if (Array.isArray(value)) {
    return firstOf(value, (item) => (isRecord(item) ? declaredError(item) : undefined))
  }
  if (!isRecord(value)) return undefined
  const { error } = value
  if (reportsError(error)) return readError(error, value)
  if (value['object'] === 'error' || value['type'] === 'error') return readError(value)
  return errorInChoices(value['choices'])
}

/** Returns the error of the first choice that failed. */
function errorInChoices(choices: unknown): UpstreamError | undefined {
  if (!Array.isArray(choices)) return undefined
  return firstOf(choices, (choice) => {
    if (!isRecord(choice)) return undefined
    if (reportsError(choice['error'])) return readError(choice['error'])
    if (choice['finish_reason'] !== 'error') return undefined
    return readError('The provider ended its answer with the finish reason "error".')
  })
}

/** Whether the value of a field named `error` reports an error. An empty one, or one that says success, does not. */
function reportsError(error: unknown): boolean {
  if (typeof error !== 'object' || error === null) return Boolean(error)
  if (Array.isArray(error)) return error.length > 0
  const facts = error as Facts
  return !saysSuccess(facts) && Object.values(facts).some(Boolean)
}

/**
 * Finds the error in a value that is known not to be an answer. A declared error is preferred. Otherwise, the first object with a message
 * is the error, at the top level (`{ detail }`, `{ message, type, code }`, `{ errors: [ … ] }`) or nested.
 */
export function anyError(value: unknown): UpstreamError | undefined {
  return declaredError(value) ?? undeclaredError(value)
}

/** The fields that hold a model's output. They are not searched for errors. */
const CONTENT = new Set(['choices', 'output', 'message', 'delta', 'content'])

/** Searches a value level by level. Returns the first part that has a message or, below the top level, declares an error. */
export function undeclaredError(value: unknown, maxDepth = MAX_DEPTH): UpstreamError | undefined {
  let level: readonly unknown[] = [value]
  let parts = 0
  for (let depth = 0; depth < maxDepth && level.length > 0; depth++) {
    const nested: unknown[] = []
    for (const part of level) {
      if (parts++ > MAX_PARTS) return undefined
      const error = depth === 0 ? undefined : declaredError(part)
      if (error) return error
      if (isRecord(part)) {
        if (hasMessage(part) && !saysSuccess(part)) return readError(part, {}, false)
        for (const field in part) if (!CONTENT.has(field)) nested.push(part[field])
      } else if (Array.isArray(part)) nested.push(...(part as readonly unknown[]).slice(0, 10))
    }
    level = nested
  }
  return undefined
}

function hasMessage(record: Facts): boolean {
  for (const field in record) {
    const value = record[field]
    const listed = Array.isArray(value) && value.length > 0
    if (listed ? /^(?:errors|detail)$/.test(field) : isMessage(field, value)) return true
  }
  return false
}

function isMessage(field: string, value: unknown): boolean {
  return typeof value === 'string' && value !== '' && /(?:message|msg|detail|error)$/.test(plainName(field))
}

/** Whether an object has a status or code that means success. Some vendors send one with every answer. */
function saysSuccess(record: Facts): boolean {
  for (const field in record) {
    const value = record[field]
    if ((value === 0 || value === '0' || value === 200) && STATUS.test(plainName(field))) return true
  }
  return false
}

function firstOf(
  items: readonly unknown[],
  find: (item: unknown) => UpstreamError | undefined,
): UpstreamError | undefined {
  const end = Math.min(items.length, 10)
  for (let at = 0; at < end; at++) {
    const found = find(items[at])
    if (found) return found
  }
  return undefined
}
