import { canonicalJson } from './canonical-json.ts'
import { checkContext } from './check-context.ts'
import { normalizeBaseURL } from './normalize-base-url.ts'
import { sha256 } from './sha256.ts'
import { expect, type Check } from '../base/validate.ts'

/** What belongs to a request's identity and does not stand in its body. */
export interface RequestKeyContext {
  /**
   * Where the request goes: the same model under another address is another model. Letter case of the host, default
   * ports, trailing slashes, credentials and fragments make no difference; path and query do. Two endpoints that take
   * the same body need the endpoint here: `https://api.openai.com/v1/responses`.
   */
  baseURL: string
  /**
   * Whose answers these are: a tenant, a user, a credential's id. Two scopes never share a key. Trap: a constant shares
   * every answer with everybody.
   */
  scope: string
  /**
   * Properties at the top of the request that do not change the answer. A list given here replaces the default one.
   * @default ['user', 'metadata', 'safety_identifier']
   */
  ignore?: readonly string[] | undefined
  /** Raise it to leave all keys made so far behind, when the meaning of what you store changes. @default 1 */
  version?: number | undefined
}

/**
 * A short, stable name for a request: 43 characters that are safe in URLs, file names and logs (SHA-256, base64url).
 *
 * It names the JSON that is sent: the order of properties makes no difference, an undefined property equals an absent
 * one, `toJSON` is honoured, -0 is 0. Anything else makes another key: every property counts, also those that this
 * package has never heard of, save the few that are ignored by name.
 *
 * ```ts
 * requestKey({ model: 'gpt-4', temperature: 0, messages }, { baseURL: 'https://api.openai.com/v1', scope: tenant.id })
 * ```
 *
 * @throws UnkeyableRequestError for what JSON cannot carry: NaN, infinities, bigint, cycles
 * @throws TypeError for an option that does not exist or makes no sense
 */
export function requestKey(request: Record<string, unknown>, context: RequestKeyContext): string {
  expect('request', request, anObject)
  const { baseURL, scope, ignore = NOT_PART_OF_THE_QUESTION, version = 1 } = checkContext(context)
  return sha256(placeOf(baseURL, scope, version) + canonicalJson(request, ignore))
}

/** Where a question is asked, and for whom: of a process mostly the same as the last time. */
function placeOf(baseURL: string, scope: string, version: number): string {
  if (baseURL !== last.baseURL || scope !== last.scope || version !== last.version) {
    // A JSON array shows its own end, so no two sets of parts can run together into the same text.
    const place = JSON.stringify([FORMAT, version, scope, normalizeBaseURL(baseURL)])
    last = { baseURL, scope, version, place }
  }
  return last.place
}

let last = { baseURL: '', scope: '', version: NaN, place: '' }

const anObject: Check = [
  (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
  'an object',
]

/** Who asks, not what is asked: https://platform.openai.com/docs/api-reference/chat/create. */
const NOT_PART_OF_THE_QUESTION = ['user', 'metadata', 'safety_identifier']

/** Changes whenever this package changes how it makes keys. */
const FORMAT = 'harbor-request-1'
