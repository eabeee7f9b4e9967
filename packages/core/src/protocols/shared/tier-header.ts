import type { ReadonlyHeaders } from '../../base/readonly-headers.ts'

/**
 * The headers that ask for a service tier: at Vertex, https://cloud.google.com/vertex-ai/generative-ai/docs/priority-paygo, and at Bedrock,
 * https://docs.aws.amazon.com/bedrock/latest/userguide/service-tiers-inference.html.
 */
const TIER_HEADERS = ['x-vertex-ai-llm-shared-request-type', 'x-amzn-bedrock-service-tier']
const WORD = /^[\w.-]{1,64}$/
/** The tiers that cost less than usual, or as much. If a header and the body name different tiers, any other one counts. */
const NOT_DEAR = new Set(['auto', 'default', 'flex', 'standard', 'standard_only'])

/**
 * Returns the service tier that a request asks for. A provider may read it from a header or from the body, so if both name one, the one
 * that may cost more counts.
 * @param inBody the tier in the body, in lower case
 */
export function requestedTier(
  inBody: string | undefined,
  headers: ReadonlyHeaders | undefined,
): string | undefined {
  const inHeader = headers && tierInHeaders(headers)
  if (inHeader === undefined || inBody === undefined) return inHeader ?? inBody
  return NOT_DEAR.has(inBody) ? inHeader : inBody
}

function tierInHeaders(headers: ReadonlyHeaders): string | undefined {
  for (const name of TIER_HEADERS) {
    const tier = headers.get(name)
    if (tier !== null && WORD.test(tier)) return tier.toLowerCase()
  }
  return undefined
}
