import type { JsonBody } from '../../base/json.ts'

/** The fields of a request that choose a service tier, of every vendor. All other fields may change the answer itself. */
const TIER_FIELDS: ReadonlySet<string> = new Set(['service_tier', 'serviceTier', 'speed'])

/** Returns the parameters of a variant that may change the answer, as text for comparisons. Empty if they only choose a service tier. */
export function answerParamsOf(params: JsonBody = {}): string {
  const others = Object.entries(params).filter(([name]) => !TIER_FIELDS.has(name))
  return others.length === 0 ? '' : JSON.stringify(others.sort(([one], [other]) => (one < other ? -1 : 1)))
}

/** Returns the service tier that parameters name, in lower case; undefined if they name none. */
export function tierOfParams(params: JsonBody = {}): string | undefined {
  for (const field of TIER_FIELDS) {
    const tier = params[field]
    if (typeof tier === 'string' && tier !== '') return tier.toLowerCase()
  }
  return undefined
}

/** Returns a body with another model, if it names one. Some protocols name it in the URL. */
export function namingModel(body: JsonBody, model: string): JsonBody {
  return 'model' in body ? { ...body, model } : body
}
