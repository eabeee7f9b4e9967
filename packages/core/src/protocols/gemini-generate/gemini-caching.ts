import type { JsonBody } from '../../base/json.ts'
import type { AnswerProof, AnswerRefusal, CachingRules } from '../protocol.ts'
import { fieldOf, recordAt } from './fields.ts'
import { blockReasonOf, candidatesIn, finishReasonOf, refusalOfFinish } from './finish-reasons.ts'

/**
 * Which Gemini answers may be cached: those that ended with `STOP`. Their request must be meant to be repeatable (temperature 0, or a seed)
 * and must want one candidate.
 */
export const GEMINI_CACHING: CachingRules = {
  whyUnsafe(request) {
    const config = recordAt(request, 'generationConfig')
    if (fieldOf(config, 'temperature') !== 0 && typeof fieldOf(config, 'seed') !== 'number')
      return 'not-repeatable'
    return (fieldOf(config, 'candidateCount') ?? 1) === 1 ? undefined : 'several-choices'
  },
  refusalOf(answer) {
    if (answer['error'] != null) return 'error'
    if (blockReasonOf(answer) !== undefined) return 'content-filter'
    return firstRefusal(candidatesIn(answer).map(finishReasonOf))
  },
  newProof: () => new GeminiProof(),
}

/** Decides whether a streamed answer may be cached: every candidate that began must have ended with `STOP`. */
class GeminiProof implements AnswerProof {
  #fault: AnswerRefusal | undefined
  readonly #reasons = new Map<unknown, string | undefined>()

  add(name: string | undefined, body: JsonBody | undefined): void {
    if (this.#fault) return
    if (!body) this.#fault = 'incomplete'
    else if (body['error'] != null || name === 'error') this.#fault = 'error'
    else if (blockReasonOf(body) !== undefined) this.#fault = 'content-filter'
    else {
      for (const candidate of candidatesIn(body)) {
        const index = candidate['index'] ?? 0
        this.#reasons.set(index, finishReasonOf(candidate) ?? this.#reasons.get(index))
      }
    }
  }

  get refusal(): AnswerRefusal | undefined {
    return this.#fault ?? firstRefusal([...this.#reasons.values()])
  }
}

function firstRefusal(reasons: readonly (string | undefined)[]): AnswerRefusal | undefined {
  if (reasons.length === 0) return 'incomplete'
  for (const reason of reasons) {
    const refusal = refusalOfFinish(reason)
    if (refusal) return refusal
  }
  return undefined
}
