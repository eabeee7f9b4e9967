import type { ProtocolName, ProviderKind } from './protocol.ts'

/** For each protocol that a provider serves, the root URL to which the paths of its endpoints are added. */
export type Roots = Partial<Record<ProtocolName, string>>

/** A company that defined an API protocol. Azure is not one of them, because it serves OpenAI's protocols. */
export type Vendor = Exclude<ProviderKind, 'azure'>

interface VendorFacts {
  /** The base URL of the vendor's own API, in the form that the vendor's SDK expects. */
  readonly baseURL: string
  /** The protocols that the vendor defined. */
  readonly protocols: readonly ProtocolName[]
  /** The protocols of other vendors that this vendor's API also serves. Maps each protocol to its path below the base URL. */
  readonly compatible: Roots
}

const VENDORS: Readonly<Record<Vendor, VendorFacts>> = {
  openai: {
    baseURL: 'https://api.openai.com/v1',
    protocols: ['openai-chat', 'openai-responses', 'openai-embeddings'],
    compatible: {},
  },
  // https://platform.claude.com/docs/en/api/openai-sdk
  anthropic: {
    baseURL: 'https://api.anthropic.com',
    protocols: ['anthropic-messages'],
    compatible: { 'openai-chat': '/v1' },
  },
  // https://ai.google.dev/gemini-api/docs/openai
  google: {
    baseURL: 'https://generativelanguage.googleapis.com',
    protocols: ['gemini-generate'],
    compatible: { 'openai-chat': '/v1beta/openai', 'openai-embeddings': '/v1beta/openai' },
  },
}

/** The names of all vendors. */
export const VENDOR_NAMES = Object.keys(VENDORS) as readonly Vendor[]

/** Maps the name of each protocol to the vendor that defined it. */
export const VENDOR_OF_PROTOCOL: ReadonlyMap<string, Vendor> = new Map(
  VENDOR_NAMES.flatMap((vendor) => VENDORS[vendor].protocols.map((protocol) => [protocol, vendor] as const)),
)

/** OpenAI's own base URL. */
export const OPENAI_URL = VENDORS.openai.baseURL

/** Returns the base URL of a provider for which none is configured. Undefined for Azure, where each customer has a URL of its own. */
export function defaultBaseURL(kind: ProviderKind): string | undefined {
  return kind === 'azure' ? undefined : VENDORS[kind].baseURL
}

/**
 * Returns the root URLs of the protocols that a provider serves: those of its own vendor and, if the base URL is on the vendor's own host,
 * also those of other vendors that the vendor serves there.
 * @param baseURL in the form that the vendor's SDK expects, with or without a version such as `/v1` at its end
 */
export function rootsOfKind(kind: ProviderKind, baseURL: string): Roots {
  // An entry of kind 'openai' may be the compatible endpoint of another vendor, which does not have all of OpenAI's protocols.
  const vendor = kind === 'openai' ? VENDOR_NAMES.find((name) => isUnder(name, `${baseURL}/`)) : undefined
  if (vendor !== undefined && vendor !== 'openai') {
    const served = Object.keys(VENDORS[vendor].compatible)
    return Object.fromEntries(served.map((protocol) => [protocol, rootOf(baseURL, 'openai-chat')]))
  }
  const { protocols, compatible } = VENDORS[kind === 'azure' ? 'openai' : kind]
  const root = rootOf(baseURL, protocols[0])
  const own = protocols.map((protocol) => [protocol, root])
  const others = isHostOf(kind, baseURL)
    ? Object.entries(compatible).map(([protocol, path]) => [protocol, root + path])
    : []
  return Object.fromEntries([...own, ...others]) as Roots
}

/** Matches a version at the end of a base URL. In the protocols of Anthropic and Google, the endpoint's path contains the version. */
const VERSION = /\/v1(?:alpha|beta\d?)?$/

/**
 * Makes a base URL into the root URL of a protocol. Removes slashes at the end, and a version at the end if the paths of the protocol's
 * endpoints contain it.
 */
export function rootOf(baseURL: string, protocol: string | undefined): string {
  const url = baseURL.replace(/\/+$/, '')
  const vendor = protocol === undefined ? undefined : VENDOR_OF_PROTOCOL.get(protocol)
  return vendor === undefined || vendor === 'openai' ? url : url.replace(VERSION, '')
}

/** Whether a root URL begins with the base URL of a vendor's own API. Each call needs this, so it compares strings and parses no URL. */
export function isUnder(vendor: Vendor, root: string): boolean {
  return root.startsWith(`${VENDORS[vendor].baseURL}/`)
}

/** Whether a URL has the same origin as the default base URL of a kind of provider. Always false for Azure, which has no default. */
function isHostOf(kind: ProviderKind, url: string): boolean {
  const own = defaultBaseURL(kind)
  return own !== undefined && URL.canParse(url) && new URL(url).origin === new URL(own).origin
}
