import { nearestName } from './nearest-name.ts'
import type { RequestKeyContext } from './request-key.ts'

const NAMES: readonly string[] = [
  'baseURL',
  'scope',
  'ignore',
  'version',
] satisfies (keyof RequestKeyContext)[]

/**
 * Refuses a context with an option that does not exist or makes no sense.
 *
 * @throws TypeError which says what was expected and what came; never the base URL or the scope, which may be secrets
 */
export function checkContext(context: RequestKeyContext): RequestKeyContext {
  if (typeof context !== 'object' || (context as unknown) === null) {
    throw new TypeError(`context must be an object with baseURL and scope, got ${kindOf(context)}`)
  }
  for (const name in context) {
    if (!NAMES.includes(name)) {
      throw new TypeError(`unknown option ${name}; did you mean ${nearestName(name, NAMES)}?`)
    }
  }
  const { baseURL, scope, ignore, version } = context
  if (typeof baseURL !== 'string') throw invalid('baseURL', 'an absolute URL', baseURL)
  if (typeof scope !== 'string' || scope === '') throw invalid('scope', 'a string that is not empty', scope)
  if (ignore !== undefined && !(Array.isArray(ignore) && ignore.every((name) => typeof name === 'string'))) {
    throw invalid('ignore', 'an array of property names', ignore)
  }
  if (version !== undefined && !(Number.isSafeInteger(version) && version >= 0)) {
    throw invalid('version', 'a whole number of at least 0', version)
  }
  return context
}

function invalid(name: string, expected: string, value: unknown): TypeError {
  return new TypeError(
    `${name} must be ${expected}, got ${typeof value === 'number' ? String(value) : kindOf(value)}`,
  )
}

function kindOf(value: unknown): string {
  if (value === '') return 'an empty string'
  if (value === null || value === undefined) return String(value)
  if (Array.isArray(value)) return 'an array'
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`
}
