import { isRecord, type JsonBody } from '../../base/json.ts'
import type { AnswerFormat, CachingRules } from '../protocol.ts'
import { MissingAnswerError } from '../shared/missing-answer.ts'
import { GEMINI_ANSWER, usageOf } from './gemini-answer.ts'
import { GEMINI_CACHING } from './gemini-caching.ts'

/** How an answer with embeddings is read: it must have a vector for each content of its request. */
export const EMBEDDINGS_ANSWER: AnswerFormat = {
  ...GEMINI_ANSWER,
  missing(request, answer) {
    const requests = request?.['requests']
    const expected = Array.isArray(requests) ? requests.length : 1
    const vectors = vectorsIn(answer)
    if (vectors >= expected) return undefined
    return new MissingAnswerError(`with ${vectors} of ${expected} embeddings`, vectors > 0)
  },
  finishReasonsOf: () => [],
  usageOf: (answer) => usageOf(answer, false),
}

/** Embeddings may always be cached, since the same content has the same embedding. */
export const EMBEDDINGS_CACHING: CachingRules = {
  whyUnsafe: () => undefined,
  refusalOf(answer) {
    if (answer['error'] != null) return 'error'
    return vectorsIn(answer) > 0 ? undefined : 'incomplete'
  },
  newProof: GEMINI_CACHING.newProof,
}

/** Counts the vectors in an answer: one in `embedding`, or several in `embeddings`. */
function vectorsIn({ embedding, embeddings }: JsonBody): number {
  if (Array.isArray(embeddings)) return embeddings.filter(isVector).length
  return isVector(embedding) ? 1 : 0
}

function isVector(embedding: unknown): boolean {
  const values = isRecord(embedding) ? embedding['values'] : undefined
  return Array.isArray(values) && values.length > 0 && typeof values[0] === 'number'
}
