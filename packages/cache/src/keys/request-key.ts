import { aName, expect, validate, type Check } from '../base/validate.ts'
import { canonicalJson } from './canonical-json.ts'
import { sha256 } from './sha256.ts'

/** What identifies a request besides its body: its address, its owner, and which properties of the body count. */
export interface RequestKeyContext {
  /**
   * The URL to which the request is sent. It is part of the key, because the same model at another address is another model. Path
   * and query count; letter case of the host, default ports, trailing slashes, credentials and fragments do not. If two endpoints
   * accept the same body, include the endpoint: `https://api.openai.com/v1/responses`.
   */
  baseURL: string
  /**
   * The owner of the answers: a tenant, a user, the id of a credential. Two scopes never share a key. Beware: if you pass the
   * same constant for all users, they share all answers.
   */
  scope: string
  /**
   * The top-level properties of the request that do not change the answer, and so are not part of the key. Your list replaces the default one; an
   * empty list makes all properties count. @default ['user', 'metadata', 'safety_identifier']
   */
  ignore?: readonly string[] | undefined
  /** The version of the data that you store under these keys. A new version changes all keys. @default 1 */
  version?: number | undefined
}

/**
 * Returns a short, stable key for a request: 43 characters that are safe in URLs, file names and logs (SHA-256, base64url).
 *
 * The key identifies the JSON that is sent: the order of properties does not matter, an undefined property equals an absent one, `toJSON`
 * is called, and -0 equals 0. Any other difference gives another key. All properties count, known or unknown, except those in `ignore`.
 *
 * ```ts
 * requestKey({ model: 'gpt-4', temperature: 0, messages }, { baseURL: 'https://api.openai.com/v1', scope: tenant.id })
 * ```
 *
 * @throws UnkeyableRequestError for values that JSON cannot represent: NaN, infinities, bigint, cycles
 * @throws TypeError for an unknown or invalid option
 */
export function requestKey(request: Record<string, unknown>, context: RequestKeyContext): string {
  expect('request', request, anObject)
  const { baseURL, scope, ignore = IGNORED_BY_DEFAULT, version = 1 } = checkContext(context)
  return sha256(prefixOf(baseURL, scope, version) + canonicalJson(request, ignore))
}

/** Returns the context as text. The last text is cached, because most calls of a process have the same context. */
function prefixOf(baseURL: string, scope: string, version: number): string {
  if (baseURL !== last.baseURL || scope !== last.scope || version !== last.version) {
    // As a JSON array, since different parts must never concatenate to the same text.
    const prefix = JSON.stringify([FORMAT, version, scope, normalizeBaseURL(baseURL)])
    last = { baseURL, scope, version, prefix }
  }
  return last.prefix
}

let last = { baseURL: '', scope: '', version: NaN, prefix: '' }

/**
 * Checks the context.
 *
 * @throws TypeError, whose message never contains the base URL or the scope, because they may be secrets
 */
function checkContext(context: RequestKeyContext): RequestKeyContext {
  validate(context, CHECKS, 'context')
  expect('baseURL', context.baseURL, CHECKS.baseURL)
  expect('scope', context.scope, CHECKS.scope)
  return context
}

const CHECKS: Readonly<Record<keyof RequestKeyContext, Check>> = {
  baseURL: [(value) => typeof value === 'string', 'an absolute URL'],
  scope: aName,
  ignore: [
    (value) => Array.isArray(value) && value.every((name) => typeof name === 'string'),
    'an array of property names',
  ],
  version: [(value) => Number.isSafeInteger(value) && (value as number) >= 0, 'a whole number of at least 0'],
}

const anObject: Check = [
  (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
  'an object',
]

/**
 * The properties that identify the user and do not change the answer: https://platform.openai.com/docs/api-reference/chat/create.
 */
const IGNORED_BY_DEFAULT = ['user', 'metadata', 'safety_identifier']

/** The version of the key format. Change it whenever this package computes keys in another way. */
const FORMAT = 'harbor-request-1'

/**
 * Normalizes a base URL: scheme and host in lower case, no default port, no trailing slash, no user name and password, no
 * fragment. Path and query stay, since they choose the endpoint (Azure's `?api-version=`).
 *
 * @throws TypeError for anything but an absolute http or https URL. The message omits the URL, which may contain a password
 */
export function normalizeBaseURL(baseURL: string): string {
  if (NORMAL.test(baseURL)) return baseURL
  const url = URL.canParse(baseURL) ? new URL(baseURL) : undefined
  if (url?.protocol !== 'https:' && url?.protocol !== 'http:') {
    throw new TypeError('baseURL must be an absolute URL with http or https, got a string that is none')
  }
  return url.origin + withoutTrailingSlashes(url.pathname) + url.search
}

const OCTET = String.raw`(?:\d|[1-9]\d|1\d\d|2[0-4]\d|25[0-5])`
/**
 * Matches common URLs that are already normalized, so that they need not be parsed: a plain host name or IPv4 address, any port,
 * a plain path.
 */
const NORMAL = new RegExp(
  '^(?:https://(?![^/]*:443/)|http://(?![^/]*:80/))' +
    String.raw`(?:(?:(?!xn--)[a-z][a-z-]*\.)*(?!xn--)[a-z][a-z-]*|${OCTET}(?:\.${OCTET}){3})` +
    String.raw`(?::[1-9]\d{0,3})?(?:/[\w~-][\w.~-]*)+$`,
)

// Not a regular expression: /\/+$/ takes quadratic time on a path of many slashes.
function withoutTrailingSlashes(path: string): string {
  let end = path.length
  while (path[end - 1] === '/') end--
  return path.slice(0, end)
}
