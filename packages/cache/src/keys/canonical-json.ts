import { quickJson } from './quick-json.ts'
import { UnkeyableRequestError } from './unkeyable-request-error.ts'

/**
 * The JSON of a value with the properties of every object in the order of their UTF-16 code units (RFC 8785, the JSON
 * Canonicalization Scheme): equal values make equal texts, different values make different texts.
 *
 * Values mean what they mean to `JSON.stringify`: `toJSON` is honoured, boxed primitives are unwrapped, properties without
 * a JSON form are dropped, items without one are null, -0 is 0. Two things differ: NaN and the infinities are refused,
 * where `JSON.stringify` would quietly write null; and depth is limited by memory alone.
 *
 * @param ignore properties at the top that are left out
 * @throws UnkeyableRequestError for NaN, infinities, bigint, cycles, and a root without JSON form
 */
export function canonicalJson(root: unknown, ignore: readonly string[] = []): string {
  return quickJson(root, ignore) ?? carefulJson(root, ignore)
}

function carefulJson(root: unknown, ignore: readonly string[]): string {
  /** The containers around the current place, outermost first; `inside` holds the same, to find cycles at once. */
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
    else json += hasForm(value) ? JSON.stringify(value) : 'null'
  }

  const start = jsonValue(root, '')
  if (!hasForm(start)) refuse('nothing')
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
    if (names && !hasForm(child)) continue
    if (container.written++ > 0) json += ','
    if (names) json += JSON.stringify(name) + ':'
    write(child)
  }
  return json
}

/** An object or array that has been begun and not yet closed. */
interface Container {
  value: object
  /** The sorted property names of an object. */
  names?: string[]
  /** The length of an array. */
  length?: number
  /** The place of the next child to look at. */
  next: number
  /** How many children have been written. */
  written: number
}

function containerOf(value: object): Container {
  return Array.isArray(value)
    ? { value, length: value.length, next: 0, written: 0 }
    : { value, names: Object.keys(value).sort(), next: 0, written: 0 }
}

/** What `JSON.stringify` would write in place of a value: the answer of its `toJSON`, the inside of a boxed primitive. */
function jsonValue(value: unknown, name: string | number): unknown {
  if ((typeof value !== 'object' && typeof value !== 'bigint') || value === null) return value
  const { toJSON } = value as { toJSON?: unknown }
  const plain: unknown = typeof toJSON === 'function' ? toJSON.call(value, String(name)) : value
  const boxed = plain instanceof Number || plain instanceof String || plain instanceof Boolean
  return boxed ? plain.valueOf() : plain
}

function hasForm(value: unknown): boolean {
  return value !== undefined && typeof value !== 'function' && typeof value !== 'symbol'
}

/** Where we are, for an error: structure only, so a name that could be content becomes `[…]`. */
function pathOf(open: readonly Container[]): string {
  const steps = open.slice(0, MOST_STEPS).map(({ names, next }) => {
    const name = names?.[next - 1]
    if (name === undefined) return `[${next - 1}]`
    return /^[\w$-]{1,40}$/.test(name) ? `.${name}` : '[…]'
  })
  return steps.join('').replace(/^\./, '') + (open.length > MOST_STEPS ? '…' : '')
}

const MOST_STEPS = 20
