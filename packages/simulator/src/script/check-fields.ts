import { didYouMean } from '@harbor/parts'
import { validateHeaderName, validateHeaderValue } from 'node:http'

/** A function that throws if a value is wrong. `where` names the value in the message. */
export type Check = (value: unknown, where: string) => void

/** A check for each field of an object type. `required()` makes the checks of required fields. */
export type Fields<Type> = { readonly [Field in keyof Type]-?: Check & { required?: true } }

/** Throws if a value is not an object, if it has unknown fields, or if a field is missing or wrong. */
export function checkObject(
  value: unknown,
  fields: Readonly<Record<string, Check & { required?: true }>>,
  where: string,
): void {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) fail(where, 'an object', value)
  for (const key of Object.keys(value)) {
    if (!Object.hasOwn(fields, key))
      throw new TypeError(`${where} has an unknown key '${key}'${hintFor(key, Object.keys(fields))}`)
  }
  for (const [key, check] of Object.entries(fields)) {
    const field = (value as Record<string, unknown>)[key]
    if (field !== undefined) check(field, `${where}.${key}`)
    else if (check.required) throw new TypeError(`${where}.${key} is missing`)
  }
}

/** Throws if a value is not an object with a known `type`, or if a field of that type is wrong. */
export function checkTagged(
  value: unknown,
  table: Readonly<Record<string, Readonly<Record<string, Check & { required?: true }>>>>,
  types: readonly string[],
  where: string,
): void {
  if (typeof value !== 'object' || value === null) fail(where, "a fault or 'ok'", value)
  const { type, ...fields } = value as { type?: unknown }
  const known = typeof type === 'string' && types.includes(type) ? table[type] : undefined
  if (known === undefined) {
    const hint = typeof type === 'string' ? hintFor(type, types) : `; known are ${types.join(', ')}`
    throw new TypeError(`${where}.type must be a fault that is possible here, got ${show(type)}${hint}`)
  }
  checkObject(fields, known, where)
}

export function required(check: Check): Check & { required: true } {
  return Object.assign((value: unknown, where: string) => check(value, where), { required: true as const })
}

export function number(min = 0, max = Infinity): Check {
  return (value, where) => {
    if (typeof value === 'number' && value >= min && value <= max) return
    fail(where, max === Infinity ? `a number of at least ${min}` : `a number from ${min} to ${max}`, value)
  }
}

export function wholeNumber(min = 0, max = Infinity): Check {
  return (value, where) => {
    if (typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max) return
    fail(
      where,
      max === Infinity ? `a whole number of at least ${min}` : `a whole number from ${min} to ${max}`,
      value,
    )
  }
}

export const text: Check = (value, where) => {
  if (typeof value !== 'string') fail(where, 'a string', value)
}

export const flag: Check = (value, where) => {
  if (typeof value !== 'boolean') fail(where, 'true or false', value)
}

export const texts: Check = list(text)

export const headerValue: Check = (value, where) => {
  text(value, where)
  try {
    validateHeaderValue(where, value as string)
  } catch {
    fail(where, 'a value that fits into a header', value)
  }
}

export const headers: Check = headersOf(headerValue)

/** Checks headers, each with one value or an array of values. */
export const rawHeaders: Check = headersOf((value, where) =>
  (Array.isArray(value) ? list(headerValue) : headerValue)(value, where),
)

function headersOf(check: Check): Check {
  return (value, where) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value))
      fail(where, 'an object of strings', value)
    for (const [name, header] of Object.entries(value)) {
      check(header, `${where}.${name}`)
      try {
        validateHeaderName(name)
      } catch {
        fail(where, 'named as HTTP allows', name)
      }
    }
  }
}

export function list(check: Check): Check {
  return (value, where) => {
    if (!Array.isArray(value)) fail(where, 'an array', value)
    for (const [index, entry] of value.entries()) check(entry, `${where}[${index}]`)
  }
}

export function oneOf(choices: readonly string[]): Check {
  return (value, where) => {
    if (typeof value === 'string' && choices.includes(value)) return
    const hint = typeof value === 'string' ? hintFor(value, choices) : ''
    fail(where, `one of ${choices.join(', ')}`, value, hint)
  }
}

export function fail(where: string, expected: string, value: unknown, hint = ''): never {
  throw new TypeError(`${where} must be ${expected}, got ${show(value)}${hint}`)
}

/** Returns a value as text for an error message. */
function show(value: unknown): string {
  if (typeof value === 'object' && value !== null) return JSON.stringify(value)
  return typeof value === 'string' ? `'${value}'` : typeof value === 'function' ? 'a function' : String(value)
}

/** Returns a hint at the known word that was probably meant; empty if there is none. */
function hintFor(word: string, choices: readonly string[]): string {
  const near = didYouMean(word, choices)
  return near === undefined ? '' : `; the nearest known one is '${near}'`
}
