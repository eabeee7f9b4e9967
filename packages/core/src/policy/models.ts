import { OptionError } from '../base/errors.ts'
import * as is from '../base/check.ts'
import type { ModelOptions } from '../options/provider-options.ts'
import { TIMEOUTS } from '../options/check-options.ts'
import type { CacheTtl, Price } from '../reporting/price.ts'
import type { Capability } from '../reporting/target.ts'

const CAPABILITIES: readonly string[] = [
  'tools',
  'vision',
  'audio',
  'json',
  'stream',
] satisfies readonly Capability[]

const MODEL = {
  model: is.aName,
  params: is.aRecord,
  timeouts: is.anObjectOfTimeouts,
  price: is.anObject,
  contextTokens: is.aCount,
  capabilities: {
    accepts: (value) => Array.isArray(value) && value.every((name) => CAPABILITIES.includes(String(name))),
    expected: `a list of ${CAPABILITIES.join(', ')}`,
  },
  weight: is.aWeight,
  continuation: is.oneOf('prefix', 'assistant', 'user-turn', 'none'),
  maxBridgeTokens: is.aCount,
  firstTokenMs: is.durationMs,
  idleMs: is.durationMs,
} as const satisfies Record<keyof ModelOptions, is.Check>

const PRICE = {
  inputPerMillion: is.aPrice,
  outputPerMillion: is.aPrice,
  cachedInputPerMillion: is.aPrice,
  cacheWritePerMillion: {
    accepts: (value) => is.aPrice.accepts(value) || is.aRecord.accepts(value),
    expected: `${is.aPrice.expected}, or an object with one for each time to live, such as { '5m': 3.75, '1h': 6 }`,
  },
  audioInputPerMillion: is.aPrice,
  reasoningPerMillion: is.aPrice,
  audioOutputPerMillion: is.aPrice,
  imageOutputPerMillion: is.aPrice,
  perRequest: is.aPriceOfOne,
  perServerToolUse: is.aRecord,
  tiers: is.aRecord,
} as const satisfies Record<keyof Price, is.Check>

const CACHE_WRITE = {
  '5m': is.aPrice,
  '30m': is.aPrice,
  '1h': is.aPrice,
  '12h': is.aPrice,
} as const satisfies Record<CacheTtl, is.Check>

/**
 * Checks the option `models`.
 * @throws OptionError naming the invalid option
 */
export function checkModels(models: Readonly<Record<string, ModelOptions>>): void {
  for (const [name, model] of Object.entries(models)) {
    const option = `models['${name}']`
    if (typeof model !== 'object' || (model as unknown) === null) {
      throw new OptionError(option, `${option} must be an object such as { price, weight }.`)
    }
    is.checkOptions(model, MODEL, `${option}.`)
    if (model.timeouts) is.checkOptions(model.timeouts, TIMEOUTS, `${option}.timeouts.`)
    if (model.price) checkPrice(model.price, `${option}.price.`)
  }
}

const { tiers: _tiers, ...RATES } = PRICE

function checkPrice(price: Price, section: string): void {
  is.checkOptions(price, PRICE, section)
  checkRates(price, section)
  for (const [name, tier] of Object.entries(price.tiers ?? {})) {
    const option = `${section}tiers['${name}']`
    if (typeof tier === 'object' && (tier as unknown) !== null) {
      is.checkOptions(tier, RATES, `${option}.`)
      checkRates(tier, `${option}.`)
    } else is.checkOptions({ [name]: tier }, { [name]: is.aFactor }, `${section}tiers.`)
  }
}

/** Checks the rates inside `cacheWritePerMillion` and `perServerToolUse`, if these are objects. */
function checkRates({ cacheWritePerMillion, perServerToolUse }: Partial<Price>, section: string): void {
  if (typeof cacheWritePerMillion === 'object')
    is.checkOptions(cacheWritePerMillion, CACHE_WRITE, `${section}cacheWritePerMillion.`)
  if (!perServerToolUse) return
  const checks = Object.fromEntries(Object.keys(perServerToolUse).map((name) => [name, is.aPriceOfOne]))
  is.checkOptions(perServerToolUse, checks, `${section}perServerToolUse.`)
}
