import type { ProtocolName, ProviderKind } from './protocol.ts'

/** The root URL of each protocol that a provider serves. */
export type Roots = Partial<Record<ProtocolName, string>>

/** The vendors whose protocols the SDKs speak. */
export type Vendor = Exclude<ProviderKind, 'azure'>

interface VendorFacts {
  /** The vendor's own API, as its SDK takes it. */
  readonly baseURL: string
  /** The protocols that belong to the vendor. */
  readonly protocols: readonly ProtocolName[]
  /** Protocols of another vendor that the vendor serves at its own address, each with its path below the base URL. */
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

/** The names of all protocols, each with its vendor. */
export const VENDOR_OF_PROTOCOL: ReadonlyMap<string, Vendor> = new Map(
  VENDOR_NAMES.flatMap((vendor) => VENDORS[vendor].protocols.map((protocol) => [protocol, vendor] as const)),
)

/** OpenAI's own base URL. */
export const OPENAI_URL = VENDORS.openai.baseURL

/** The base URL of an entry that has none; undefined for Azure, where each customer has another one. */
export function defaultBaseURL(kind: ProviderKind): string | undefined {
  return kind === 'azure' ? undefined : VENDORS[kind].baseURL
}

/**
 * The protocols that a provider of a kind serves: its vendor's own at the base URL and, on the vendor's own host, those that the vendor
 * serves as a compatible API.
 * @param baseURL as the SDK of the vendor takes it: without or with a version such as `/v1` at its end
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

/** The version at the end of a base URL, which is a part of the endpoint's path in the protocols of Anthropic and Google. */
const VERSION = /\/v1(?:alpha|beta\d?)?$/

/** Removes from the address of a protocol what its endpoints' paths contain themselves: slashes at the end, and a version. */
export function rootOf(baseURL: string, protocol: string | undefined): string {
  const url = baseURL.replace(/\/+$/, '')
  const vendor = protocol === undefined ? undefined : VENDOR_OF_PROTOCOL.get(protocol)
  return vendor === undefined || vendor === 'openai' ? url : url.replace(VERSION, '')
}

/** Whether a root URL is on the own host of a vendor. It compares strings only, since it is needed for each call. */
export function isUnder(vendor: Vendor, root: string): boolean {
  return root.startsWith(`${VENDORS[vendor].baseURL}/`)
}

/** Whether an address is on the own host of the vendor of a kind. */
function isHostOf(kind: ProviderKind, url: string): boolean {
  const own = defaultBaseURL(kind)
  return own !== undefined && URL.canParse(url) && new URL(url).origin === new URL(own).origin
}
