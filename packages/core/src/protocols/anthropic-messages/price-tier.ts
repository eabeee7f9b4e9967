/** The fields of a usage report or of a request on which the price depends. */
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

/** Reads these fields of a usage report or a request. A field is undefined if its value is not a single word. */
export function tierFieldsOf(fields: Readonly<Record<string, unknown>>): TierFields {
  return {
    tier: wordOf(fields['service_tier']),
    speed: wordOf(fields['speed']),
    region: wordOf(fields['inference_geo']),
  }
}

/**
 * Combines the fields into one name, such as `fast` or `standard:us`. It begins with the speed if that is not the usual one, otherwise with
 * the tier. A region follows if the answer has to be made in that region.
 */
export function priceTierOf({ tier, speed, region }: TierFields): string | undefined {
  const name = speed === undefined || speed === USUAL_SPEED ? tier : speed
  return region === undefined || ANYWHERE.has(region) ? name : `${name ?? 'standard'}:${region}`
}

function wordOf(value: unknown): string | undefined {
  return typeof value === 'string' && WORD.test(value) ? value.toLowerCase() : undefined
}
