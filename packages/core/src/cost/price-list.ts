import type { TokenUsage } from '../receipt.ts'
import { NATIVE } from '../targets/providers.ts'
import type { Price, Target } from '../targets/target.ts'
import { priceUsage } from './price-usage.ts'

type Catalogue = typeof import('@pydantic/genai-prices')
type Rate = Price | 'by-call' | 'unknown'

const MOST_RATES = 1_000

/**
 * The list of what models cost, as installed with this package; it never asks the network. It is loaded when a cost is asked for
 * that the user's own prices do not tell, since it is large.
 */
export class PriceList {
  readonly #rates = new Map<string, Rate>()
  readonly #onMissing: (error: unknown) => void
  #catalogue: Catalogue | undefined
  #loading: Promise<void> | undefined

  /** @param onMissing told when the list cannot be loaded: then it knows no price */
  constructor(onMissing: (error: unknown) => void) {
    this.#onMissing = onMissing
  }

  get loaded(): boolean {
    return this.#catalogue !== undefined
  }

  /** Never rejects. */
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

  /** In US dollars; undefined when the price is unknown, or the list is not loaded. */
  costOf(target: Target, usage: TokenUsage): number | undefined {
    const catalogue = this.#catalogue
    if (!catalogue || target.model === undefined) return undefined
    const rate = this.#rateOf(catalogue, target)
    if (rate === 'unknown') return undefined
    return rate === 'by-call' ? lookUp(catalogue, target, usage)?.total_price : priceUsage(usage, rate)
  }

  /** A look into the list is dear, so what can be reckoned from its rates is. */
  #rateOf(catalogue: Catalogue, target: Target): Rate {
    const key = `${target.name}\n${target.baseURL}`
    let rate = this.#rates.get(key)
    if (rate === undefined) {
      if (this.#rates.size >= MOST_RATES) this.#rates.clear()
      this.#rates.set(key, (rate = rateFrom(lookUp(catalogue, target, ONE_OF_EACH))))
    }
    return rate
  }
}

const ONE_OF_EACH: TokenUsage = {
  inputTokens: 1,
  outputTokens: 1,
  cachedInputTokens: 0,
  cacheWriteInputTokens: 0,
  audioInputTokens: 0,
  reasoningTokens: 0,
  audioOutputTokens: 0,
}

function lookUp(catalogue: Catalogue, target: Target, usage: TokenUsage): ReturnType<Catalogue['calcPrice']> {
  const { model = '', provider, baseURL } = target
  // An unknown address may cost anything, unless its entry bears a provider's name.
  const known =
    catalogue.findProvider({ providerApiUrl: baseURL }) ??
    (provider === NATIVE ? undefined : catalogue.findProvider({ providerId: provider }))
  if (!known) return null
  return catalogue.calcPrice(
    {
      input_tokens: usage.inputTokens,
      cache_read_tokens: usage.cachedInputTokens,
      cache_write_tokens: usage.cacheWriteInputTokens,
      input_audio_tokens: usage.audioInputTokens,
      output_tokens: usage.outputTokens,
      output_audio_tokens: usage.audioOutputTokens,
    },
    model,
    { provider: known },
  )
}

/** Rates that hold for any call; `by-call` where they depend on its length or its time. */
function rateFrom(found: ReturnType<Catalogue['calcPrice']>): Rate {
  if (!found) return 'unknown'
  const { model_price: rates, model } = found
  const { input_mtok: input, output_mtok: output = 0 } = rates
  const { cache_read_mtok, cache_write_mtok, input_audio_mtok, output_audio_mtok } = rates
  const all = [input, output, cache_read_mtok, cache_write_mtok, input_audio_mtok, output_audio_mtok]
  const varies = Array.isArray(model.prices) || all.some((rate) => typeof rate === 'object')
  if (varies || typeof input !== 'number' || typeof output !== 'number') return 'by-call'
  return {
    inputPerMillion: input,
    outputPerMillion: output,
    cachedInputPerMillion: numberOf(cache_read_mtok),
    cacheWriteInputPerMillion: numberOf(cache_write_mtok),
    audioInputPerMillion: numberOf(input_audio_mtok),
    audioOutputPerMillion: numberOf(output_audio_mtok),
  }
}

function numberOf(rate: unknown): number | undefined {
  return typeof rate === 'number' ? rate : undefined
}
