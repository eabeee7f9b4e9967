import type { LimitOptions } from '../options/limit-options.ts'
import type { ProviderOptions } from '../options/options.ts'
import type { ProviderFormat, StreamEndRule } from '../protocols/protocol.ts'
import { credentialOf, type Key } from './credential.ts'

/** A checked entry of `providers`, with defaults: its address, its credential, and the format of its requests. */
export interface Provider extends ProviderFormat {
  readonly name: string
  readonly apiKey: Key
  /** Identifies the address and credential of the provider, for state that belongs to them. Contains the key, so it must not be shown. */
  readonly identity: string
  readonly headers: Readonly<Record<string, string>>
  readonly quotaGroup: string | undefined
  /** The limits of each quota group of the provider; `false` for none, undefined for the limits of the client. */
  readonly limits: LimitOptions | false | undefined
  readonly dropParams: readonly string[]
  readonly streamEnd: StreamEndRule
}

/** The name of the client's own provider, which the options `apiKey` and `baseURL` configure. The provider need not be OpenAI. */
export const NATIVE = 'openai'
export const OPENAI_URL = 'https://api.openai.com/v1'

/** The base URL that the SDK uses for a value of its option `dataResidency`. */
export function residencyURL(region: string): string {
  return region === 'global' ? OPENAI_URL : `https://${region}.api.openai.com/v1`
}

/** The default API version for Azure: the last one that is not a preview. */
const AZURE_VERSION = '2024-10-21'

/**
 * Fills in the defaults of one entry of `providers`.
 * @returns undefined if the key is undefined, such as that of an environment variable that is not set
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

/**
 * The client's own provider. Its key is not stored here, since each request carries it.
 * @param options the entry of `providers` for this provider, if there is one
 */
export function nativeProvider(name: string, baseURL: string, options: ProviderOptions = {}): Provider {
  const settled = settleProvider(name, { ...options, apiKey: null, baseURL })
  if (!settled) throw new Error('A provider that needs no key cannot lack it.')
  return { ...settled, native: true }
}

export function withoutSlash(url: string): string {
  return url.replace(/\/+$/, '')
}
