import { OptionError } from '../base/errors.ts'
import * as is from '../base/check.ts'
import type { ModelOptions } from '../options/options.ts'
import type { Capability, Price } from '../reporting/target.ts'

const CAPABILITIES: readonly string[] = [
  'tools',
  'vision',
  'audio',
  'json',
  'stream',
] satisfies readonly Capability[]

const MODEL = {
  price: is.anObject,
  contextTokens: is.aCount,
  capabilities: {
    accepts: (value) => Array.isArray(value) && value.every((name) => CAPABILITIES.includes(String(name))),
    expected: `a list of ${CAPABILITIES.join(', ')}`,
  },
  weight: is.aWeight,
  firstTokenMs: is.durationMs,
  idleMs: is.durationMs,
} as const satisfies Record<keyof ModelOptions, is.Check>

const PRICE = {
  inputPerMillion: is.aPrice,
  outputPerMillion: is.aPrice,
  cachedInputPerMillion: is.aPrice,
  cacheWriteInputPerMillion: is.aPrice,
  audioInputPerMillion: is.aPrice,
  reasoningPerMillion: is.aPrice,
  audioOutputPerMillion: is.aPrice,
  tiers: is.anObject,
} as const satisfies Record<keyof Price, is.Check>

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
    if (model.price) checkPrice(model.price, `${option}.price.`)
  }
}

function checkPrice(price: Price, section: string): void {
  is.checkOptions(price, PRICE, section)
  const { tiers: _tiers, ...rates } = PRICE
  for (const [name, tier] of Object.entries(price.tiers ?? {})) {
    const option = `${section}tiers['${name}']`
    if (typeof tier === 'object' && (tier as unknown) !== null) is.checkOptions(tier, rates, `${option}.`)
    else is.checkOptions({ [name]: tier }, { [name]: is.aFactor }, `${section}tiers.`)
  }
}
