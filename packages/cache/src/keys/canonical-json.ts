import { UnkeyableRequestError } from './unkeyable-request-error.ts'

/**
 * Returns the JSON of a value, with the properties of every object sorted by their UTF-16 code units (RFC 8785, the JSON Canonicalization
 * Scheme). Equal values give equal texts, and different values give different texts.
 *
 * Values are converted as `JSON.stringify` does: `toJSON` is called, boxed primitives are unwrapped, properties without a JSON form are
 * dropped, array items without a JSON form become null, -0 becomes 0. There are two differences. NaN and the infinities throw, instead of
 * becoming null. And depth is limited by memory alone, not by the call stack.
 *
 * @param ignore the top-level properties to leave out
 * @throws UnkeyableRequestError for NaN, infinities, bigint, cycles, and a root without a JSON form
 */
export function canonicalJson(root: unknown, ignore: readonly string[] = []): string {
  return quickJson(root, ignore) ?? carefulJson(root, ignore)
}

/**
 * Returns the canonical JSON of plain values: plain objects, arrays, strings, finite numbers, booleans, null. Faster than `carefulJson`,
 * which returns the same text.
 *
 * @param ignore the properties of this object to leave out
 * @returns undefined for values that need `carefulJson`: those with `toJSON`, instances of a class, cycles, NaN
 */
export function quickJson(value: unknown, ignore?: readonly string[], depth = 0): string | undefined {
  switch (typeof value) {
    case 'string':
      return JSON.stringify(value)
    case 'number':
      return Number.isFinite(value) ? String(value) : undefined
    case 'boolean':
      return value ? 'true' : 'false'
    case 'object':
      if (value === null) return 'null'
      if (depth > MAX_DEPTH) return undefined
      return Array.isArray(value)
        ? arrayJson(value as readonly unknown[], depth)
        : recordJson(value, ignore, depth)
    default:
      return undefined
  }
}

/** The maximum depth of values for `quickJson`, greater than that of any real request. */
const MAX_DEPTH = 50

function arrayJson(list: readonly unknown[], depth: number): string | undefined {
  if (Object.getPrototypeOf(list) !== Array.prototype || 'toJSON' in list) return undefined
  let json = '['
  for (let at = 0; at < list.length; at++) {
    const item = quickJson(list[at], undefined, depth + 1)
    if (item === undefined) return undefined
    json += at === 0 ? item : ',' + item
  }
  return json + ']'
}

function recordJson(
  record: object,
  ignore: readonly string[] | undefined,
  depth: number,
): string | undefined {
  const prototype: unknown = Object.getPrototypeOf(record)
  if ((prototype !== Object.prototype && prototype !== null) || 'toJSON' in record) return undefined
  let json = '{'
  for (const name of sorted(Object.keys(record))) {
    const value = (record as Readonly<Record<string, unknown>>)[name]
    if (value === undefined || ignore?.includes(name)) continue
    const member = quickJson(value, undefined, depth + 1)
    if (member === undefined) return undefined
    json += (json === '{' ? '' : ',') + JSON.stringify(name) + ':' + member
  }
  return json + '}'
}

/** Sorts the property names of an object. Insertion sort is faster than `sort()` for few names. */
function sorted(names: string[]): string[] {
  if (names.length > MAX_INSERTED) return names.sort()
  for (let from = 1; from < names.length; from++) {
    const name = names[from] as string
    let at = from
    for (; at > 0 && (names[at - 1] as string) > name; at--) names[at] = names[at - 1] as string
    names[at] = name
  }
  return names
}

/** The maximum number of names for which insertion sort is used. */
const MAX_INSERTED = 30

/** Returns the canonical JSON of any value, written without recursion. Exported for tests. */
export function carefulJson(root: unknown, ignore: readonly string[] = []): string {
  /** The objects and arrays around the current position, outermost first. `inside` holds the same values, to detect cycles. */
  const open: Container[] = []
  const inside = new Set<object>()
  let json = ''

  const refuse = (found: UnkeyableRequestError['found']): never => {
    throw new UnkeyableRequestError(pathOf(open), found)
  }
  const write = (value: unknown): void => {
    if (typeof value === 'object' && value !== null) {
      if (inside.has(value)) refuse('a cycle')
      const container = containerOf(value)
      inside.add(value)
      open.push(container)
      json += container.names ? '{' : '['
    } else if (typeof value === 'number') {
      if (!Number.isFinite(value)) refuse(Number.isNaN(value) ? 'NaN' : 'an infinite number')
      json += String(value)
    } else if (typeof value === 'bigint') refuse('a bigint')
    else json += hasJsonForm(value) ? JSON.stringify(value) : 'null'
  }

  const start = jsonValue(root, '')
  if (!hasJsonForm(start)) refuse('nothing')
  write(start)
  const top = open[0]
  if (top?.names) top.names = top.names.filter((name) => !ignore.includes(name))

  for (let container = top; container; container = open.at(-1)) {
    const { value, names, length = names?.length ?? 0 } = container
    if (container.next === length) {
      json += names ? '}' : ']'
      inside.delete(value)
      open.pop()
      continue
    }
    const name = names ? (names[container.next] ?? '') : container.next
    container.next++
    const child = jsonValue((value as Record<string | number, unknown>)[name], name)
    if (names && !hasJsonForm(child)) continue
    if (container.written++ > 0) json += ','
    if (names) json += JSON.stringify(name) + ':'
    write(child)
  }
  return json
}

/** An object or array whose closing bracket is not written yet. */
interface Container {
  value: object
  /** The sorted property names, for an object. */
  names?: string[]
  /** The number of items, for an array. */
  length?: number
  /** The index of the next child to write. */
  next: number
  /** How many children have been written. */
  written: number
}

function containerOf(value: object): Container {
  return Array.isArray(value)
    ? { value, length: value.length, next: 0, written: 0 }
    : { value, names: Object.keys(value).sort(), next: 0, written: 0 }
}

/** Returns the value that `JSON.stringify` would write instead: the result of `toJSON`, or the value of a boxed primitive. */
function jsonValue(value: unknown, name: string | number): unknown {
  if ((typeof value !== 'object' && typeof value !== 'bigint') || value === null) return value
  const { toJSON } = value as { toJSON?: unknown }
  const plain: unknown = typeof toJSON === 'function' ? toJSON.call(value, String(name)) : value
  const boxed = plain instanceof Number || plain instanceof String || plain instanceof Boolean
  return boxed ? plain.valueOf() : plain
}

function hasJsonForm(value: unknown): boolean {
  return value !== undefined && typeof value !== 'function' && typeof value !== 'symbol'
}

/** Returns the path of the current position, for an error message. A property name that may be content becomes `[…]`. */
function pathOf(open: readonly Container[]): string {
  const steps = open.slice(0, MAX_STEPS).map(({ names, next }) => {
    const name = names?.[next - 1]
    if (name === undefined) return `[${next - 1}]`
    return /^[\w$-]{1,40}$/.test(name) ? `.${name}` : '[…]'
  })
  return steps.join('').replace(/^\./, '') + (open.length > MAX_STEPS ? '…' : '')
}

const MAX_STEPS = 20
