/**
 * Refuses what would be something else after JSON: dates, maps and other objects of a class of their own form, NaN, the infinities,
 * bigint, functions, cycles. Only properties that are undefined may get lost: a caller that reads one gets undefined all the same.
 *
 * @throws TypeError that says what was found, and repeats nothing of the value
 */
export function refuseWhatJsonChanges(value: unknown): void {
  try {
    visit(value)
  } catch (error) {
    throw error instanceof RangeError ? new TypeError(wordsFor('nested without end')) : error
  }
}

function visit(value: unknown): void {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return
    case 'number':
      if (!Number.isFinite(value)) throw new TypeError(wordsFor(String(value)))
      return
    case 'object':
      if (value !== null) visitObject(value)
      return
    default:
      throw new TypeError(wordsFor(typeof value))
  }
}

function visitObject(value: object): void {
  if (Array.isArray(value)) {
    // An embedding is thousands of numbers.
    for (let at = 0; at < value.length; at++) if (!Number.isFinite(value[at])) visit(value[at])
    return
  }
  const tag = Object.prototype.toString.call(value).slice('[object '.length, -1)
  if (tag !== 'Object' || typeof (value as { toJSON?: unknown }).toJSON === 'function')
    throw new TypeError(wordsFor(tag === 'Object' ? 'an object with toJSON' : tag))
  for (const name of Object.keys(value)) {
    const property = (value as Record<string, unknown>)[name]
    if (property !== undefined) visit(property)
  }
}

const wordsFor = (found: string): string =>
  `only JSON values can be kept, and this one holds what JSON would change (${found}): give the cache a codec for it`
