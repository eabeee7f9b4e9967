import type { CallCost } from '../reporting/receipt.ts'
import type { Target } from '../reporting/target.ts'

export type Catalogue = typeof import('@pydantic/genai-prices')
export type CatalogueProvider = NonNullable<ReturnType<Catalogue['findProvider']>>

interface FoundProvider {
  readonly provider: CatalogueProvider
  readonly listedBy: NonNullable<CallCost['listedBy']>
}

/**
 * The kinds of providers that the price list has one vendor for. The kind `openai` is not among them, because any server may be compatible
 * with OpenAI.
 */
const VENDOR_KINDS = new Set(['anthropic', 'azure', 'google'])

/**
 * Finds the provider of a target in the price list. It is found by its base URL, or else by the name of its entry in `providers`, or else
 * by its kind. The base URL of a gateway, for example, is not in the list.
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
 * Returns the names under which a model may be listed, the most exact first. The name in a request may have parts that the list does not
 * have: a path (Google's `models/…` and `publishers/google/models/…`), the prefix or suffix of a gateway, or a version.
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

/**
 * Matches what may follow the name of a model in a name of the same model: a version, a date, a release stage such as `preview`, or a
 * variant.
 */
const VERSION =
  /^(?:[-@](?:latest|default|preview|exp|experimental|thinking|\d{8}|\d{3,4}|\d{2}-\d{2,4}|\d{4}-\d{2}-\d{2})|:[\w.]+)*$/

/**
 * Whether a model found in the price list is really the one with this name. The check is needed because the list compares only the
 * beginning of some names: it may find `claude-sonnet-5` for the newer model `claude-sonnet-5-5`.
 * @param listed the model's id in the price list
 */
export function isSameModel(name: string, listed: string): boolean {
  const at = /^(?:claude|gemini)-/.test(listed) ? name.toLowerCase().indexOf(listed) : -1
  return at === -1 || VERSION.test(name.slice(at + listed.length))
}

/** What stands before and after the name of a model in its spellings at other providers: a path, a region, a version, a date. */
const BEFORE = /^.*\/|^(?:[a-z]+\.)?anthropic\./
const AFTER = /(?:[-@:](?:latest|default|v\d+(?::\d+)?|\d{8}|\d{4}-\d{2}-\d{2}))+$/

/** Whether two names are of the same model. They may differ in a path, a region, a version or a date. */
export function areSameModel(one: string, other: string): boolean {
  return one === other || bareName(one) === bareName(other)
}

function bareName(model: string): string {
  return model.toLowerCase().replace(BEFORE, '').replace(BEFORE, '').replace(AFTER, '')
}
