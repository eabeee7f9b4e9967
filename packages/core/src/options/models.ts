import { OptionError } from '../errors.ts'
import * as is from './check.ts'
import type { ModelOptions } from './options.ts'
import type { Capability, Price } from '../targets/target.ts'

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
} as const satisfies Record<keyof Price, is.Check>

/** @throws OptionError naming the model's option */
export function checkModels(models: Readonly<Record<string, ModelOptions>>): void {
  for (const [name, model] of Object.entries(models)) {
    const option = `models['${name}']`
    if (typeof model !== 'object' || (model as unknown) === null) {
      throw new OptionError(option, `${option} must be an object such as { price, weight }.`)
    }
    is.checkOptions(model, MODEL, `${option}.`)
    if (model.price) is.checkOptions(model.price, PRICE, `${option}.price.`)
  }
}
