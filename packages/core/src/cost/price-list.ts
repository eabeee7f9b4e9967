import type { TokenUsage } from '../reporting/receipt.ts'
import type { Price } from '../reporting/price.ts'
import type { Target } from '../reporting/target.ts'
import { tokenUsage } from '../reporting/token-usage.ts'
import { priceUsage } from './price-usage.ts'

type Catalogue = typeof import('@pydantic/genai-prices')
type Rate = Price | 'by-call' | 'unknown'

const MAX_LISTINGS = 1_000

/**
 * The prices of models, from a catalogue that is installed with this package; no network is used. The catalogue is large, so it is loaded
 * when it is first needed: for the first model without a price of the user's own.
 */
export class PriceList {
  readonly #listings = new Map<string, Listing>()
  readonly #onMissing: (error: unknown) => void
  #catalogue: Catalogue | undefined
  #loading: Promise<void> | undefined

  /** @param onMissing called with the error if the catalogue cannot be loaded; no price is known then */
  constructor(onMissing: (error: unknown) => void) {
    this.#onMissing = onMissing
  }

  get loaded(): boolean {
    return this.#catalogue !== undefined
  }

  /** Loads the catalogue, once. Never rejects. */
  load(): Promise<void> {
    this.#loading ??= import('@pydantic/genai-prices').then(
      (catalogue) => {
        this.#catalogue = catalogue
      },
      (error: unknown) => {
        this.#onMissing(error)
      },
    )
    return this.#loading
  }

  /** The cost of these tokens; undefined if the price is unknown, or the catalogue is not loaded. */
  costOf(target: Target, usage: TokenUsage): ListedCost | undefined {
    const catalogue = this.#catalogue
    if (!catalogue || target.model === undefined) return undefined
    const { rate, model, provider, listedBy } = this.#listingOf(catalogue, target)
    if (rate === 'unknown' || !provider) return undefined
    const usd =
      rate === 'by-call' ? totalOf(lookUp(catalogue, provider, model, usage)) : priceUsage(usage, rate)
    return usd === undefined ? undefined : { usd, listedBy, isOpenAI: provider.id === 'openai' }
  }

  /** The cached rates of a target. Looking up a model in the catalogue is expensive. */
  #listingOf(catalogue: Catalogue, target: Target): Listing {
    const key = `${target.name}\n${target.baseURL}`
    let listing = this.#listings.get(key)
    if (listing === undefined) {
      if (this.#listings.size >= MAX_LISTINGS) this.#listings.clear()
      this.#listings.set(key, (listing = listingOf(catalogue, target)))
    }
    return listing
  }
}

/** The cost of a call by the price list. */
export interface ListedCost {
  readonly usd: number
  readonly listedBy: 'address' | 'entry-name'
  /** Whether the provider is OpenAI, so that the discounts of its service tiers apply. */
  readonly isOpenAI: boolean
}

interface Listing {
  readonly rate: Rate
  /** The name of the model in the catalogue. */
  readonly model: string
  readonly provider: CatalogueProvider | undefined
  readonly listedBy: ListedCost['listedBy']
}

type CatalogueProvider = NonNullable<ReturnType<Catalogue['findProvider']>>
type CalculatedPrice = ReturnType<Catalogue['calcPrice']>

const FREE: Price = { inputPerMillion: 0, outputPerMillion: 0 }
const ONE_OF_EACH = tokenUsage(1, 1)

/**
 * Finds the rates of a target. A provider with an unknown address, such as a gateway or a compatible server, is found by the name of its
 * entry in `providers`.
 */
function listingOf(catalogue: Catalogue, { model = '', provider: entry, baseURL }: Target): Listing {
  const addressed = catalogue.findProvider({ providerApiUrl: baseURL })
  const provider = addressed ?? catalogue.findProvider({ providerId: entry })
  const listedBy = addressed ? 'address' : 'entry-name'
  if (!provider) return { rate: 'unknown', model, provider, listedBy }
  for (const name of namesOf(model, provider.id)) {
    const rate = rateFrom(lookUp(catalogue, provider, name, ONE_OF_EACH))
    if (rate !== 'unknown') return { rate, model: name, provider, listedBy }
  }
  const isFree = provider.id === 'openrouter' && model.endsWith(':free')
  return { rate: isFree ? FREE : 'unknown', model, provider, listedBy }
}

/** The names under which a model may be listed, the most exact first. */
function namesOf(model: string, providerId: string): readonly string[] {
  // Google lists its models as `models/gemini-…`, and a gateway puts the provider before the name.
  const bare = model.replace(/^(?:.*\/)?models\//, '').replace(new RegExp(`^${providerId}/`), '')
  const withoutVariant = /:free$/.test(bare) ? bare : bare.replace(/:[a-z]+$/, '')
  const undated = withoutVariant.replace(/-(?:latest|\d{4}-\d{2}-\d{2}|\d{8})$/, '')
  return [...new Set([model, bare, withoutVariant, undated])]
}

function totalOf(found: CalculatedPrice): number | undefined {
  return found && Number.isFinite(found.total_price) ? found.total_price : undefined
}

function lookUp(
  catalogue: Catalogue,
  provider: CatalogueProvider,
  model: string,
  usage: TokenUsage,
): CalculatedPrice {
  // The catalogue throws if the tokens of a class, such as cached input, exceed all input or output tokens.
  const cacheRead = Math.min(usage.cachedInputTokens, usage.inputTokens)
  const cacheWrite = Math.min(usage.cacheWriteInputTokens, usage.inputTokens - cacheRead)
  const tokens = {
    input_tokens: usage.inputTokens,
    cache_read_tokens: cacheRead,
    cache_write_tokens: cacheWrite,
    input_audio_tokens: Math.min(usage.audioInputTokens, usage.inputTokens - cacheRead - cacheWrite),
    output_tokens: usage.outputTokens,
    output_audio_tokens: Math.min(usage.audioOutputTokens, usage.outputTokens),
  }
  try {
    return catalogue.calcPrice(tokens, model, { provider })
  } catch {
    // The model is not priced by tokens.
    return null
  }
}

/**
 * The rates of a model, if they are the same for every call. `by-call` if they depend on the length or the time of the call, `unknown` if
 * the model is not priced by tokens.
 */
function rateFrom(found: CalculatedPrice): Rate {
  if (!found) return 'unknown'
  const { model_price: rates, model } = found
  if (Object.keys(rates).length === 0) return FREE
  const { input_mtok: input, output_mtok: output = 0 } = rates
  // The model is priced by the hour, the image or the page, which token usage does not contain.
  if (input === undefined && rates['output_mtok'] === undefined) return 'unknown'
  const { cache_read_mtok, cache_write_mtok, input_audio_mtok, output_audio_mtok } = rates
  const all = [input, output, cache_read_mtok, cache_write_mtok, input_audio_mtok, output_audio_mtok]
  const varies = Array.isArray(model.prices) || all.some((rate) => typeof rate === 'object')
  if (varies || typeof input !== 'number' || typeof output !== 'number') return 'by-call'
  return {
    inputPerMillion: input,
    outputPerMillion: output,
    cachedInputPerMillion: numberOf(cache_read_mtok),
    cacheWritePerMillion: numberOf(cache_write_mtok),
    audioInputPerMillion: numberOf(input_audio_mtok),
    audioOutputPerMillion: numberOf(output_audio_mtok),
  }
}

function numberOf(rate: unknown): number | undefined {
  return typeof rate === 'number' ? rate : undefined
}
