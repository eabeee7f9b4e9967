/** What an answer reports, or a request asks for, on which its price depends. */
export interface TierFields {
  readonly tier: string | undefined
  readonly speed: string | undefined
  /** The region in which the answer is made, as in `inference_geo`. */
  readonly region: string | undefined
}

const WORD = /^[\w.-]{1,32}$/
const USUAL_SPEED = 'standard'
/** The values of `inference_geo` that do not change the price. */
const ANYWHERE = new Set(['global', 'not_available'])

/** Reads the fields of a usage report or a request. A field that is no word is undefined. */
export function tierFieldsOf(fields: Readonly<Record<string, unknown>>): TierFields {
  return {
    tier: wordOf(fields['service_tier']),
    speed: wordOf(fields['speed']),
    region: wordOf(fields['inference_geo']),
  }
}

/**
 * The service tier as one text: the speed if it is not the usual one (`fast`), otherwise the tier. If the answer has to be made in a
 * region, the region follows: `standard:us`.
 */
export function priceTierOf({ tier, speed, region }: TierFields): string | undefined {
  const name = speed === undefined || speed === USUAL_SPEED ? tier : speed
  return region === undefined || ANYWHERE.has(region) ? name : `${name ?? 'standard'}:${region}`
}

function wordOf(value: unknown): string | undefined {
  return typeof value === 'string' && WORD.test(value) ? value.toLowerCase() : undefined
}
