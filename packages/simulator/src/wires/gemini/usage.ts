import { asString } from '../../answers/json.ts'
import type { Question } from '../wire.ts'
import type { Candidate } from './candidate.ts'

const trafficTypes: Readonly<Record<string, string>> = {
  standard: 'ON_DEMAND',
  flex: 'ON_DEMAND_FLEX',
  priority: 'ON_DEMAND_PRIORITY',
}

/** Returns the usage after the first `parts` parts of each candidate, as a running total. */
export function usageMetadata(
  { body, script }: Question,
  input: number,
  candidates: readonly Candidate[],
  parts: number,
) {
  let thoughts = 0
  let answer = 0
  for (const { tokensIn } of candidates) {
    const written = tokensIn(parts)
    thoughts += written.thoughts
    answer += written.answer
  }
  const cached = Math.floor(input * (script.cachedShare ?? 0))
  const tier = script.servedTier ?? asString(body['serviceTier'])
  return {
    promptTokenCount: input,
    ...(answer > 0 && { candidatesTokenCount: answer }),
    totalTokenCount: input + answer + thoughts,
    ...(cached > 0 && { cachedContentTokenCount: cached, cacheTokensDetails: ofText(cached) }),
    promptTokensDetails: ofText(input),
    ...(thoughts > 0 && { thoughtsTokenCount: thoughts }),
    ...(tier !== '' && { trafficType: trafficTypes[tier] ?? tier }),
  }
}

/** Returns the number of tokens by kind of content. The simulator counts text only. */
export function ofText(tokenCount: number) {
  return [{ modality: 'TEXT', tokenCount }]
}
