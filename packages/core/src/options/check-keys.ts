import { describeValue } from '@harbor/parts'
import { OptionError } from '../base/errors.ts'
import { checkHeaderValue } from './check-headers.ts'

/** The maximum number of keys of one provider. It is limited because each call compares all keys. */
const MAX_KEYS = 100

/**
 * Checks the option `apiKey` of a provider, which is one key or a list of keys. No error message contains a key.
 * @throws OptionError for an empty list, a list of more than 100 keys, an invalid key, or a key that is listed twice
 */
export function checkKeys(option: string, keys: unknown): void {
  if (!Array.isArray(keys)) {
    checkHeaderValue(option, keys)
    return
  }
  if (keys.length === 0)
    throw new OptionError(option, `${option} is an empty list. Give at least one key, or null for none.`)
  if (keys.length > MAX_KEYS)
    throw new OptionError(option, `${option} has ${keys.length} keys, and may have at most ${MAX_KEYS}.`)
  for (const [index, key] of keys.entries()) checkKey(`${option}[${index}]`, key, option, keys.indexOf(key))
}

function checkKey(name: string, key: unknown, option: string, firstIndex: number): void {
  if (typeof key !== 'function' && (typeof key !== 'string' || key === ''))
    throw new OptionError(
      name,
      `${name} must be a non-empty string, or a function that resolves to one, got ${describeValue(key)}.`,
    )
  checkHeaderValue(name, key)
  const first = `${option}[${firstIndex}]`
  if (first !== name) throw new OptionError(name, `${name} is the same key as ${first}. List each key once.`)
}
