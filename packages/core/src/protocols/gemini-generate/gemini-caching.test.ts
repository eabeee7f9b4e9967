import { FinishReason } from '@google/genai'
import { describe, expect, it } from 'vitest'
import { GEMINI_ANSWER } from './gemini-answer.ts'
import { GEMINI_CACHING as CACHING } from './gemini-caching.ts'

const answer = (finishReason?: string) => ({
  candidates: [{ content: { parts: [{ text: 'a' }] }, ...(finishReason && { finishReason }) }],
})
const FILTERED = [
  'SAFETY',
  'RECITATION',
  'BLOCKLIST',
  'PROHIBITED_CONTENT',
  'SPII',
  'IMAGE_SAFETY',
  'IMAGE_PROHIBITED_CONTENT',
  'IMAGE_RECITATION',
  'MODEL_ARMOR',
  'ESCALATION',
  'PUP_LIMITED_DISABLED',
]
const OTHERS = Object.values<string>(FinishReason).filter(
  (reason) => !FILTERED.includes(reason) && reason !== 'STOP' && reason !== 'MAX_TOKENS',
)

describe('an answer of Gemini', () => {
  it('may be cached when it ended with STOP', () => {
    expect(CACHING.refusalOf(answer('STOP'))).toBeUndefined()
  })

  it('is not cached when it reached its limit', () => {
    expect(CACHING.refusalOf(answer('MAX_TOKENS'))).toBe('length')
  })

  it.each(FILTERED)('that ended with %s is filtered and not cached', (reason) => {
    expect(CACHING.refusalOf(answer(reason))).toBe('content-filter')
    expect(GEMINI_ANSWER.isFiltered([reason])).toBe(true)
  })

  it.each([...OTHERS, 'SOMETHING_NEW'])('that ended with %s is neither filtered nor cached', (reason) => {
    expect(CACHING.refusalOf(answer(reason))).toBe('incomplete')
    expect(GEMINI_ANSWER.isFiltered([reason])).toBe(false)
    if (!reason.includes('UNSPECIFIED'))
      expect(GEMINI_ANSWER.finishReasonsOf(answer(reason))).toEqual([reason])
    expect(GEMINI_ANSWER.missing({}, answer(reason))).toBeUndefined()
  })

  it('is not cached without a finish reason, with an error, or as one of several', () => {
    expect(CACHING.refusalOf(answer())).toBe('incomplete')
    expect(CACHING.refusalOf({})).toBe('incomplete')
    expect(CACHING.refusalOf({ ...answer('STOP'), error: { code: 500 } })).toBe('error')
    expect(
      CACHING.refusalOf({ candidates: [...answer('STOP').candidates, ...answer('SAFETY').candidates] }),
    ).toBe('content-filter')
  })

  it.each(['SAFETY', 'PROHIBITED_CONTENT', 'BLOCKLIST', 'JAILBREAK', 'MODEL_ARMOR', 'OTHER', 'NEW'])(
    'whose prompt was blocked for %s is an answer, filtered, and not cached',
    (blockReason) => {
      const blocked = { promptFeedback: { blockReason } }
      expect(GEMINI_ANSWER.missing({}, blocked)).toBeUndefined()
      expect(GEMINI_ANSWER.isFiltered(GEMINI_ANSWER.finishReasonsOf(blocked))).toBe(true)
      expect(CACHING.refusalOf(blocked)).toBe('content-filter')
    },
  )

  it.each([
    {},
    { candidates: [] },
    { candidates: [{}] },
    { candidates: [{ content: { parts: [] }, index: 0 }] },
    { promptFeedback: { safetyRatings: [] } },
    { usageMetadata: { promptTokenCount: 3 } },
  ])('is missing in %j', (body) => {
    expect(GEMINI_ANSWER.missing({}, body)).toBeDefined()
  })

  it.each<[object, string | undefined]>([
    [{ generationConfig: { temperature: 0 } }, undefined],
    [{ generation_config: { temperature: 0 } }, undefined],
    [{ generationConfig: { seed: 7 } }, undefined],
    [{ generationConfig: { temperature: 0, candidateCount: 1 } }, undefined],
    [{ generationConfig: { temperature: 0, candidateCount: 2 } }, 'several-choices'],
    [{ generationConfig: { temperature: 0.1 } }, 'not-repeatable'],
    [{}, 'not-repeatable'],
  ])('to %j is repeatable or not', (request, why) => {
    expect(CACHING.whyUnsafe({ contents: [], ...request })).toBe(why)
  })
})

describe('the proof of a Gemini stream', () => {
  const proofOf = (...chunks: (object | undefined)[]) => {
    const proof = CACHING.newProof()
    for (const chunk of chunks) proof.add(undefined, chunk as Record<string, unknown> | undefined)
    return proof.refusal
  }

  it('needs STOP for every candidate', () => {
    const of = (index: number, reason?: string) => ({
      candidates: [{ ...answer(reason).candidates[0], index }],
    })
    expect(proofOf(of(0), of(0, 'STOP'))).toBeUndefined()
    expect(proofOf(of(0), of(0, 'STOP'), { usageMetadata: {} })).toBeUndefined()
    expect(proofOf(of(0))).toBe('incomplete')
    expect(proofOf()).toBe('incomplete')
    expect(proofOf(of(0, 'STOP'), of(1))).toBe('incomplete')
    expect(proofOf(of(0, 'CONTINUATION'))).toBe('incomplete')
    expect(proofOf(of(0, 'STOP'), { error: { code: 500 } })).toBe('error')
    expect(proofOf(of(0, 'STOP'), undefined)).toBe('incomplete')
    expect(proofOf({ promptFeedback: { blockReason: 'OTHER' } })).toBe('content-filter')
  })
})
