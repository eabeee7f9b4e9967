import type { ReadonlyHeaders } from '../base/readonly-headers.ts'
import { isUnder, VENDOR_NAMES, type Vendor } from './vendors.ts'

/** The parts of a request to an endpoint that belongs to no protocol. They show for which vendor's API the request was made. */
export interface SentRequest {
  readonly method: string
  readonly url: string
  readonly headers: ReadonlyHeaders
}

/** Finds the vendor of a configured provider by the address of a request. */
export interface VendorByAddress {
  vendorAt(url: string): Vendor | undefined
}

/** The beginning of the user agent of each vendor's SDK. */
const SDKS: readonly (readonly [RegExp, Vendor])[] = [
  [/^(?:Async)?OpenAI\//, 'openai'],
  [/^(?:Async)?Anthropic\w*\//, 'anthropic'],
  [/^google-genai-sdk\//, 'google'],
]
/** The headers that only requests for one vendor's API have. */
const HEADERS: readonly (readonly [string, Vendor])[] = [
  ['anthropic-version', 'anthropic'],
  ['anthropic-beta', 'anthropic'],
  ['x-goog-api-key', 'google'],
  ['x-goog-api-client', 'google'],
  ['x-goog-user-project', 'google'],
]
/** Where Google serves OpenAI's protocols: at its own API, and at Vertex AI. */
const COMPATIBLE = /\/v1(?:alpha|beta\d*)?\/openai(?:\/|$)|\/endpoints\/openapi(?:\/|$)/
/** Matches the paths that only Anthropic's API has. Vertex AI has the last one. */
const ANTHROPIC = /\/v1\/(?:messages|complete)(?:\/|$)|\/publishers\/anthropic(?:\/|$)/
const VERTEX = /^https:\/\/(?:[a-z\d-]+-)?aiplatform\.(?:[a-z]+\.rep\.)?googleapis\.com\//
/** Matches the versions, collections and methods that only Google's APIs have, such as `/v1beta/files` and `/models/m:method`. */
const GOOGLE =
  /\/v\d+(?:alpha|beta)\d*(?:\/|$)|\/(?:cachedContents|tunedModels|publishers\/google)(?:[/:]|$)|\/models\/[^/:]+(?::|%3[aA])[a-z]+[A-Z]\w*$/

/**
 * Returns the vendor whose API a request was made for. The errors in the answer have the form of this vendor, so that its SDK understands
 * them. The SDK that sent the request decides first, because some vendors also serve OpenAI's protocols. OpenAI is the vendor of a request
 * that shows no other one.
 */
export function vendorOfRequest({ url, headers }: SentRequest, providers: VendorByAddress): Vendor {
  const agent = headers.get('user-agent') ?? ''
  const end = url.search(/[?#]/)
  const address = end === -1 ? url : url.slice(0, end)
  const path = address.slice(address.indexOf('/', address.indexOf('://') + 3))
  return (
    SDKS.find(([pattern]) => pattern.test(agent))?.[1] ??
    (COMPATIBLE.test(path) ? 'openai' : undefined) ??
    HEADERS.find(([name]) => headers.has(name))?.[1] ??
    VENDOR_NAMES.find((vendor) => isUnder(vendor, address)) ??
    providers.vendorAt(address) ??
    (ANTHROPIC.test(path) ? 'anthropic' : undefined) ??
    (VERTEX.test(address) || GOOGLE.test(path) ? 'google' : undefined) ??
    // Gateways take a key of their own in this header, beside the bearer token of an OpenAI client.
    (headers.has('x-api-key') && !headers.has('authorization') ? 'anthropic' : 'openai')
  )
}
