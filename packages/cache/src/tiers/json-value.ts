/**
 * Checks that a value is the same after a round trip through JSON. Instances of classes, dates and maps included, NaN, infinities, bigints,
 * functions and cycles are not. Properties that are undefined are allowed: JSON drops them, but reading a missing property gives undefined,
 * too.
 *
 * @throws TypeError that names the kind of value found, without its content
 */
export function assertJsonRoundTrip(value: unknown): void {
  try {
    visit(value)
  } catch (error) {
    throw error instanceof RangeError ? new TypeError(messageFor('endless nesting')) : error
  }
}

function visit(value: unknown): void {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return
    case 'number':
      if (!Number.isFinite(value)) throw new TypeError(messageFor(String(value)))
      return
    case 'object':
      if (value !== null) visitObject(value)
      return
    default:
      throw new TypeError(messageFor(typeof value))
  }
}

function visitObject(value: object): void {
  if (Array.isArray(value)) {
    // Finite numbers are skipped without a call of `visit()`, since an embedding consists of thousands of them.
    for (let at = 0; at < value.length; at++) if (!Number.isFinite(value[at])) visit(value[at])
    return
  }
  const tag = Object.prototype.toString.call(value).slice('[object '.length, -1)
  const prototype = Object.getPrototypeOf(value) as object | null
  // The prototype of a plain object, also of another realm, has none itself.
  const isOfClass = prototype && (Object.getPrototypeOf(prototype) as unknown)
  if (tag !== 'Object' || isOfClass || typeof (value as { toJSON?: unknown }).toJSON === 'function')
    throw new TypeError(messageFor(tag === 'Object' ? 'a class instance or toJSON' : tag))
  for (const name of Object.keys(value)) {
    const property = (value as Record<string, unknown>)[name]
    if (property !== undefined) visit(property)
  }
}

const messageFor = (found: string): string =>
  `only JSON values can be cached, and JSON would change this one (it contains: ${found}): pass a codec for it`
