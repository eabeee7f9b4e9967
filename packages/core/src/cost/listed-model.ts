import type { CallCost } from '../reporting/receipt.ts'
import type { Target } from '../reporting/target.ts'

export type Catalogue = typeof import('@pydantic/genai-prices')
export type CatalogueProvider = NonNullable<ReturnType<Catalogue['findProvider']>>

interface FoundProvider {
  readonly provider: CatalogueProvider
  readonly listedBy: NonNullable<CallCost['listedBy']>
}

/** The kinds of providers whose models are listed under one vendor. Any server may be compatible with OpenAI. */
const VENDOR_KINDS = new Set(['anthropic', 'azure', 'google'])

/**
 * Finds the provider of a target in the price list: by its address or, if the address is unknown, as that of a gateway is, by the name of
 * its entry in `providers`, or by its kind.
 */
export function findProvider(
  catalogue: Catalogue,
  { provider: entry, baseURL, kind }: Target,
): FoundProvider | undefined {
  const addressed = catalogue.findProvider({ providerApiUrl: baseURL })
  if (addressed) return { provider: addressed, listedBy: 'address' }
  const named = catalogue.findProvider({ providerId: entry })
  if (named) return { provider: named, listedBy: 'entry-name' }
  const ofKind = VENDOR_KINDS.has(kind) ? catalogue.findProvider({ providerId: kind }) : undefined
  return ofKind && { provider: ofKind, listedBy: 'kind' }
}

/**
 * The names under which a model may be listed, the most exact first. A request may name it by a path (`models/…` and
 * `publishers/google/models/…` at Google), with a gateway's prefix or variant, or with a version.
 * @param providerId the provider's id in the price list
 */
export function namesOf(model: string, providerId: string): readonly string[] {
  const bare = model.replace(/^(?:.*\/)?models\//, '').replace(new RegExp(`^${providerId}/`), '')
  const withoutVariant = /:free$/.test(bare) ? bare : bare.replace(/:[a-z]+$/, '')
  // Vertex writes the version of Anthropic's models after an `@`.
  const versionless = withoutVariant.replace(/@[\w-]+$/, '')
  const undated = versionless.replace(/-(?:latest|\d{4}-\d{2}-\d{2}|\d{8})$/, '')
  const unnumbered = providerId === 'google' ? undated.replace(/-\d{3}$/, '') : undated
  return [...new Set([model, bare, withoutVariant, versionless, undated, unnumbered])]
}

/** What may follow the name of a model without making it another model: a version, a date, a stage of its release, a variant. */
const VERSION =
  /^(?:[-@](?:latest|default|preview|exp|experimental|thinking|\d{8}|\d{3,4}|\d{2}-\d{2,4}|\d{4}-\d{2}-\d{2})|:[\w.]+)*$/

/**
 * Whether a listed model is the one with this name. The price list compares the beginning of some names, so that a newer model,
 * `claude-sonnet-5-5`, may be found as an older one, `claude-sonnet-5`.
 * @param listed the model's id in the price list
 */
export function isSameModel(name: string, listed: string): boolean {
  const at = /^(?:claude|gemini)-/.test(listed) ? name.toLowerCase().indexOf(listed) : -1
  return at === -1 || VERSION.test(name.slice(at + listed.length))
}
