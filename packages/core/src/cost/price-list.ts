import type { Price } from '../reporting/price.ts'
import type { CallCost } from '../reporting/receipt.ts'
import type { Target } from '../reporting/target.ts'
import { dependsOnLength, priceFrom, type ListedRates } from './listed-rates.ts'
import { findProvider, isSameModel, namesOf, type Catalogue, type CatalogueProvider } from './listed-model.ts'

const MAX_LISTINGS = 1_000

/**
 * The prices of models, from a catalogue that is installed with this package, so no network is used. The catalogue is large. It is loaded
 * only when a call needs it because the user gave no price for the model.
 */
export class PriceList {
  readonly #listings = new Map<string, Known>()
  /** The same by target: most calls come with a target that had a call before, and making the key of `#listings` takes longer than all the rest. */
  readonly #byTarget = new WeakMap<Target, Known>()
  readonly #onMissing: (error: unknown) => void
  #catalogue: Catalogue | undefined
  #loading: Promise<void> | undefined

  /** @param onMissing called with the error if the catalogue cannot be loaded; all its prices are unknown then */
  constructor(onMissing: (error: unknown) => void) {
    this.#onMissing = onMissing
  }

  get loaded(): boolean {
    return this.#catalogue !== undefined
  }

  /** Loads the catalogue, once. Never rejects. */
  load(): Promise<void> {
    this.#loading ??= import('@pydantic/genai-prices').then(
      (catalogue) => void (this.#catalogue = catalogue),
      this.#onMissing,
    )
    return this.#loading
  }

  /**
   * Returns the price of a model; undefined if it is unknown, or the catalogue is not loaded.
   * @param inputTokens the length of the request, in tokens; the price may depend on it
   */
  priceOf(target: Target, inputTokens: number): ListedPrice | undefined {
    const catalogue = this.#catalogue
    if (!catalogue || target.model === undefined) return undefined
    const { listing } = this.#byTarget.get(target) ?? this.#lookUp(catalogue, target)
    return typeof listing === 'function' ? listing(inputTokens) : listing
  }

  /** Looks up a target, and remembers what is found, because looking up a model in the catalogue is expensive. */
  #lookUp(catalogue: Catalogue, target: Target): Known {
    const key = `${target.name}\n${target.baseURL}`
    const known = this.#listings.get(key) ?? { listing: listingOf(catalogue, target) }
    if (this.#listings.size >= MAX_LISTINGS) this.#listings.clear()
    this.#listings.set(key, known)
    this.#byTarget.set(target, known)
    return known
  }
}

/** What the catalogue says of a target, also if that is nothing. */
interface Known {
  readonly listing: Listing
}

/** The price of a model in the catalogue, with the facts that Harbor needs to apply it. */
export interface ListedPrice {
  readonly price: Price
  readonly listedBy: NonNullable<CallCost['listedBy']>
  /** The vendor whose service tiers apply to the model. */
  readonly vendor: string
  /** The factor of a surcharge that depends on the base URL, such as 1.1; 1 without a surcharge. */
  readonly factor: number
}

/** The price of a model; a function if the price depends on the number of input tokens or on the current time. */
type Listing = ListedPrice | ((inputTokens: number) => ListedPrice | undefined) | undefined

type Entry = NonNullable<ReturnType<Catalogue['calcPrice']>>

/**
 * The factor by which Vertex multiplies the price of Claude models at the base URL of a region:
 * https://cloud.google.com/vertex-ai/generative-ai/pricing
 */
const VERTEX_REGION = 1.1
const VERTEX_GLOBAL = /^https?:\/\/aiplatform\.googleapis\.com/

function listingOf(catalogue: Catalogue, target: Target): Listing {
  const { model = '', baseURL } = target
  const found = findProvider(catalogue, target)
  if (!found) return undefined
  const { provider, listedBy } = found
  for (const name of namesOf(model, provider.id)) {
    const entry = lookUp(catalogue, provider, name)
    if (!entry || !isSameModel(name, entry.model.id)) continue
    const isVertexClaude = provider.id === 'google' && /claude/.test(entry.model.id)
    const isRegional = isVertexClaude && listedBy === 'address' && !VERTEX_GLOBAL.test(baseURL)
    const facts = {
      listedBy,
      vendor: isVertexClaude ? 'anthropic' : provider.id,
      factor: isRegional ? VERTEX_REGION : 1,
    } as const
    const listed = { providerId: provider.id, modelId: entry.model.id }
    const at = (rates: ListedRates, inputTokens: number): ListedPrice | undefined => {
      const price = priceFrom(rates, listed, inputTokens)
      return price && { ...facts, price }
    }
    const usual = at(entry.model_price, 0)
    if (!usual) continue
    if (changes(entry)) {
      const current = remembered(() => lookUp(catalogue, provider, name)?.model_price ?? entry.model_price)
      return (tokens) => at(current(), tokens)
    }
    return dependsOnLength(entry.model_price) ? (tokens) => at(entry.model_price, tokens) : usual
  }
  const isFree = provider.id === 'openrouter' && model.endsWith(':free')
  const free = { inputPerMillion: 0, outputPerMillion: 0 }
  return isFree ? { price: free, listedBy, vendor: provider.id, factor: 1 } : undefined
}

/** Whether the price of a model depends on the time of day, or will change at a future date. */
function changes({ model: { prices } }: Entry): boolean {
  if (!Array.isArray(prices)) return false
  const now = Date.now()
  return prices.some(
    ({ constraint }) =>
      constraint && (constraint.type !== 'start_date' || !(Date.parse(constraint.start_date) <= now)),
  )
}

/** How long a price that depends on the time is used before it is looked up again, in milliseconds. A lookup is expensive. */
const RECHECK_MS = 1_000

function remembered<T>(look: () => T): () => T {
  let value = look()
  let lookedAt = Date.now()
  return () => {
    const now = Date.now()
    if (Math.abs(now - lookedAt) < RECHECK_MS) return value
    lookedAt = now
    return (value = look())
  }
}

function lookUp(catalogue: Catalogue, provider: CatalogueProvider, model: string): Entry | undefined {
  try {
    return catalogue.calcPrice({ input_tokens: 1, output_tokens: 1 }, model, { provider }) ?? undefined
  } catch {
    // The catalogue does not accept its own rates.
    return undefined
  }
}
