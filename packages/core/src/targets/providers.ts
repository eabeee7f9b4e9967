import type { LimitOptions } from '../options/limit-options.ts'
import type { ProviderOptions } from '../options/provider-options.ts'
import type { Operation, ProviderFormat, ProviderKind, StreamEndRule } from '../protocols/protocol.ts'
import {
  defaultBaseURL,
  OPENAI_URL,
  rootOf,
  rootsOfKind,
  VENDOR_NAMES,
  VENDOR_OF_PROTOCOL,
  type Vendor,
} from '../protocols/vendors.ts'
import { credentialOf, firstKeyOf, keyListOf, type Key, type KeyList } from './credential.ts'

/** A checked entry of `providers`, with defaults: its addresses, its credential, and the format of its requests. */
export interface Provider {
  readonly name: string
  readonly kind: ProviderKind
  /** Whether this is the client's own provider, to which the SDK has already addressed and signed its requests. */
  readonly native: boolean
  /** The base URL that was configured, or the default of the kind. */
  readonly baseURL: string
  /**
   * Whether the address of the provider is known: it was configured, or it is the default of the provider's kind. False for a provider with
   * a `fetch` of its own and no configured address.
   */
  readonly hasAddress: boolean
  /** The provider's own `fetch`, which sends its requests; undefined if the client's transport sends them. */
  readonly fetch: typeof globalThis.fetch | undefined
  /** The format of requests that belong to none of the known protocols. */
  readonly own: ProviderFormat
  /** The format of each protocol's requests, by the protocol's name. A protocol that is missing is not served. */
  readonly formats: ReadonlyMap<string, ProviderFormat>
  /** The API key, or the first of several. */
  readonly apiKey: Key
  /** All keys of a provider that has several; undefined for one key. */
  readonly keys: KeyList | undefined
  /** An id for state that belongs to the addresses and the credential of the provider. Contains the key, so it must not be shown. */
  readonly identity: string
  readonly headers: Readonly<Record<string, string>>
  readonly quotaGroup: string | undefined
  /**
   * The limits of each quota group (the targets that share rate limits) of the provider. `false`: no limits. Undefined: the limits of the
   * client.
   */
  readonly limits: LimitOptions | false | undefined
  readonly dropParams: readonly string[]
  readonly streamEnd: StreamEndRule
}

/** The name of the client's own provider, which the options `apiKey` and `baseURL` configure. The provider need not be OpenAI. */
export const NATIVE = 'openai'
export { OPENAI_URL }

/** Returns the base URL that the SDK uses for a value of its option `dataResidency`. */
export function residencyURL(region: string): string {
  return region === 'global' ? OPENAI_URL : `https://${region}.api.openai.com/v1`
}

/** The default API version for Azure: the last one that is not a preview. */
const AZURE_VERSION = '2024-10-21'

/**
 * Makes a provider from one entry of the option `providers`, and fills in the defaults.
 * @returns undefined if `apiKey` is undefined, for example because an environment variable is not set
 */
export function settleProvider(name: string, options: ProviderOptions): Provider | undefined {
  const { apiKey } = options
  return apiKey === undefined ? undefined : providerWith(name, apiKey, options)
}

function providerWith(
  name: string,
  apiKey: Key | readonly Exclude<Key, null>[],
  options: Omit<ProviderOptions, 'apiKey'>,
): Provider {
  const keys = keyListOf(apiKey)
  const credential = keys?.identity ?? credentialOf(firstKeyOf(apiKey))
  const {
    kind = 'openai',
    apiVersion = AZURE_VERSION,
    headers = {},
    quotaGroup,
    limits,
    dropParams = [],
    maxTokensParam,
    streamEnd = 'finish-reason',
    fetch,
  } = options
  const given = rootsGiven(options.endpoints)
  const baseURL = withoutSlash(baseURLOf(options, given))
  // An entry that only names endpoints serves these alone: its key must not be sent to the default address.
  const isComplete = options.kind === undefined && !options.baseURL && Object.keys(given).length > 0
  const roots = { ...(isComplete ? {} : rootsOfKind(kind, baseURL)), ...given }
  const own: ProviderFormat = { kind, native: false, baseURL, apiVersion, maxTokensParam }
  return {
    name,
    kind,
    native: false,
    baseURL,
    hasAddress: fetch === undefined || Boolean(options.baseURL) || Object.keys(given).length > 0,
    fetch,
    own,
    formats: new Map(Object.entries(roots).map(([protocol, root]) => [protocol, { ...own, baseURL: root }])),
    apiKey: firstKeyOf(apiKey),
    keys,
    identity: JSON.stringify([name, kind, baseURL, roots, apiVersion, credential, headers]),
    headers,
    quotaGroup,
    limits,
    dropParams,
    streamEnd,
  }
}

/**
 * A placeholder for the address of a provider whose own `fetch` decides where requests go. Its top-level domain never exists (RFC 2606).
 */
const NO_ADDRESS = 'https://provider.invalid'

function baseURLOf({ kind, baseURL }: ProviderOptions, endpoints: Readonly<Record<string, string>>): string {
  if (baseURL) return baseURL
  const [first] = kind === undefined ? Object.values(endpoints) : []
  return first ?? defaultBaseURL(kind ?? 'openai') ?? NO_ADDRESS
}

/** Converts the addresses in the option `endpoints` to root URLs. */
function rootsGiven(endpoints: ProviderOptions['endpoints'] = {}): Readonly<Record<string, string>> {
  const given = Object.entries(endpoints) as readonly [string, string | undefined][]
  return Object.fromEntries(
    given.flatMap(([protocol, url]) => (url === undefined ? [] : [[protocol, rootOf(url, protocol)]])),
  )
}

/**
 * Makes the client's own provider. A single key is not stored in it, because each request already contains the key.
 * @param options the entry of `providers` for this provider, if there is one
 * @param vendors the vendors whose protocols the provider serves; by default all, since the requests are already addressed to it
 */
export function nativeProvider(
  name: string,
  baseURL: string,
  options: ProviderOptions = {},
  vendors: readonly Vendor[] = VENDOR_NAMES,
): Provider {
  const settled = providerWith(name, null, { ...options, baseURL })
  const own = { ...settled.own, native: true }
  // A request has the form of its protocol's vendor, wherever the SDK sends it.
  const formats = new Map(
    [...VENDOR_OF_PROTOCOL].flatMap(([protocol, vendor]) =>
      vendors.includes(vendor) ? [[protocol, vendor === own.kind ? own : { ...own, kind: vendor }]] : [],
    ),
  )
  return { ...settled, keys: keyListOf(options.apiKey ?? null), native: true, own, formats }
}

/** Returns the format of a request to a provider; undefined if the provider does not serve the request's protocol. */
export function formatAt(
  provider: Provider,
  { protocol }: Pick<Operation, 'protocol'>,
): ProviderFormat | undefined {
  if (protocol === undefined) return provider.own
  // A protocol that has no vendor is sent where its caller sends it.
  const isUnlisted = provider.native && !VENDOR_OF_PROTOCOL.has(protocol)
  return isUnlisted ? provider.own : provider.formats.get(protocol)
}

/** Returns the format of a request to a provider that is known to serve the request's protocol. */
export function formatOf(provider: Provider, operation: Pick<Operation, 'protocol'>): ProviderFormat {
  const format = formatAt(provider, operation)
  if (!format) throw new Error(`${provider.name} does not serve ${operation.protocol}.`)
  return format
}

export function withoutSlash(url: string): string {
  return url.replace(/\/+$/, '')
}
