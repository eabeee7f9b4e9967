import type { LimitOptions } from '../options/limit-options.ts'
import type { ProviderOptions } from '../options/options.ts'
import type { ProviderFormat, StreamEndRule } from '../protocols/protocol.ts'
import { credentialOf, type Key } from './credential.ts'

/** A settled entry of `providers`: its address, its credential and what its requests need. */
export interface Provider extends ProviderFormat {
  readonly name: string
  readonly apiKey: Key
  /** Identifies its address and credential, for the state that belongs to them. It contains the key and must not be shown. */
  readonly identity: string
  readonly headers: Readonly<Record<string, string>>
  readonly quotaGroup: string | undefined
  /** The limits of each of its quota groups. `false`: none; undefined: the client's. */
  readonly limits: LimitOptions | false | undefined
  readonly dropParams: readonly string[]
  readonly streamEnd: StreamEndRule
}

/** The name of the client's own provider, whichever it is, whose `apiKey` and `baseURL` are also options of the client. */
export const NATIVE = 'openai'
export const OPENAI_URL = 'https://api.openai.com/v1'

/** The base URL that the SDK uses for a `dataResidency`. */
export function residencyURL(region: string): string {
  return region === 'global' ? OPENAI_URL : `https://${region}.api.openai.com/v1`
}
/** The latest API version of Azure that is not a preview. */
const AZURE_VERSION = '2024-10-21'

/**
 * Fills in the defaults of an entry.
 * @returns undefined if its `apiKey` is undefined, such as when it comes from an environment variable that is not set
 */
export function settleProvider(name: string, options: ProviderOptions): Provider | undefined {
  const { kind = 'openai', apiKey, baseURL = OPENAI_URL, apiVersion = AZURE_VERSION } = options
  if (apiKey === undefined) return undefined
  const {
    headers = {},
    quotaGroup,
    limits,
    dropParams = [],
    maxTokensParam,
    streamEnd = 'finish-reason',
  } = options
  return {
    name,
    kind,
    native: false,
    baseURL: withoutSlash(baseURL),
    apiKey,
    identity: JSON.stringify([name, kind, baseURL, apiVersion, credentialOf(apiKey), headers]),
    apiVersion,
    headers,
    quotaGroup,
    limits,
    dropParams,
    maxTokensParam,
    streamEnd,
  }
}

/** The client's own provider. */
export function nativeProvider(name: string, baseURL: string, options: ProviderOptions = {}): Provider {
  const settled = settleProvider(name, { ...options, apiKey: null, baseURL })
  if (!settled) throw new Error('A provider that needs no key cannot lack it.')
  return { ...settled, native: true }
}

export function withoutSlash(url: string): string {
  return url.replace(/\/+$/, '')
}
