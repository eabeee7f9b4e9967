import { OptionError } from '../base/errors.ts'
import type { ModelOptions } from '../options/provider-options.ts'
import type { Price } from '../reporting/price.ts'
import { tierOfParams } from '../protocols/shared/variant-fields.ts'

/** Parameters that belong to a call and not to a variant, since they decide what the caller gets or where the request goes. */
const OF_THE_CALL = ['model', 'stream', 'messages', 'input', 'contents', 'requests'] as const
/** The tiers that vendors sell below their usual price. */
const DISCOUNTED = new Set(['flex', 'batch'])
/** The largest discount of these tiers is half the price: see `service-tier.ts`. */
const MAX_DISCOUNT_FACTOR = 2
/** The prices that are not for tokens. The price of a tier does not change them. */
const NOT_FOR_TOKENS = new Set(['perRequest', 'perServerToolUse'])

type Rates = Omit<Price, 'tiers'>

/**
 * Fills in what variants take over from the entry of their model, and copies their parameters.
 * @throws OptionError for a variant that leads to itself or to another variant, or whose parameters belong to a call
 */
export function settleModels(
  models: Readonly<Record<string, ModelOptions>>,
): Readonly<Record<string, ModelOptions>> {
  return Object.fromEntries(
    Object.entries(models).map(([name, entry]) => [name, settleModel(name, entry, models)]),
  )
}

function settleModel(
  name: string,
  entry: ModelOptions,
  models: Readonly<Record<string, ModelOptions>>,
): ModelOptions {
  const { model, params } = entry
  const option = `models['${name}']`
  if (model === undefined) {
    if (params === undefined) return entry
    throw new OptionError(
      `${option}.params`,
      `${option}.params needs ${option}.model: name the entry, and its model in \`model\`.`,
    )
  }
  const provider = name.slice(0, name.indexOf('/') + 1)
  if (model === name || provider + model === name)
    throw new OptionError(
      `${option}.model`,
      `${option}.model names the entry itself. Leave it out, or give the variant another name, such as '${name}@flex'.`,
    )
  const base = models[provider + model] ?? models[model] ?? {}
  if (base.model !== undefined)
    throw new OptionError(
      `${option}.model`,
      `${option}.model names another variant. Name the model of the provider: ${base.model}.`,
    )
  const given = OF_THE_CALL.find((field) => params && field in params)
  if (given)
    throw new OptionError(
      `${option}.params.${given}`,
      `${option}.params must not contain ${given}, which belongs to the call.`,
    )
  const copied = copyOf(option, params ?? {})
  return {
    ...base,
    ...Object.fromEntries(Object.entries(entry).filter(([, value]) => value !== undefined)),
    model,
    params: copied,
    timeouts: { ...base.timeouts, ...entry.timeouts },
    price: priceOf(entry.price, base.price, tierOfParams(copied)),
  }
}

function copyOf(option: string, params: Readonly<Record<string, unknown>>): Record<string, unknown> {
  try {
    return JSON.parse(JSON.stringify(params)) as Record<string, unknown>
  } catch (error) {
    throw new OptionError(
      `${option}.params`,
      `${option}.params must be an object that JSON can express: ${error instanceof Error ? error.message : ''}`,
    )
  }
}

/**
 * Returns the price of a variant with a service tier: the usual price of the model, with the variant's own price at its tier. So an answer is
 * priced by the tier that it names. If only the price at a discounted tier is known, the usual one is assumed to be twice as high, so that it is
 * never too low.
 */
function priceOf(
  own: Price | undefined,
  base: Price | undefined,
  tier: string | undefined,
): Price | undefined {
  if (!own || tier === undefined) return own ?? base
  const { tiers, ...rates } = own
  const usual = base ?? (DISCOUNTED.has(tier) ? scaled(rates, MAX_DISCOUNT_FACTOR) : rates)
  return { ...usual, tiers: { ...base?.tiers, ...tiers, [tier]: complete(rates) } }
}

/** Names each rate, also those that a price leaves to their defaults, so that rates of the usual price do not take their place. */
function complete(rates: Rates): Rates {
  return {
    cachedInputPerMillion: undefined,
    cacheWritePerMillion: undefined,
    audioInputPerMillion: undefined,
    reasoningPerMillion: undefined,
    audioOutputPerMillion: undefined,
    imageOutputPerMillion: undefined,
    ...rates,
  }
}

/** Returns rates with those for tokens multiplied by a factor. */
function scaled(rates: Rates, factor: number): Rates {
  const times = (rate: unknown): unknown => (typeof rate === 'number' ? rate * factor : rate)
  const entries = Object.entries(rates).map(([name, rate]: [string, unknown]) => {
    if (NOT_FOR_TOKENS.has(name)) return [name, rate]
    const byTtl = typeof rate === 'object' && rate !== null ? Object.entries(rate) : undefined
    return [name, byTtl ? Object.fromEntries(byTtl.map(([ttl, each]) => [ttl, times(each)])) : times(rate)]
  })
  return Object.fromEntries(entries) as Rates
}
