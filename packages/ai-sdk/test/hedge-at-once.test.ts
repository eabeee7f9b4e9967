import { MockLanguageModelV4 } from 'ai/test'
import { describe, expect, it } from 'vitest'
import { createFallbackModel, receiptOf } from '../src/index.ts'
import { allOf, STOP, USAGE, whole } from './mock-models.ts'

/** Two models that answer in the same turn: both when the hedge has been sent. */
function twoAtOnce() {
  const { promise: bothCalled, resolve } = Promise.withResolvers<undefined>()
  const cancelled: string[] = []
  const aborted: string[] = []
  let calls = 0
  const models = ['first', 'second'].map((modelId) => {
    const called = async (signal?: AbortSignal): Promise<void> => {
      signal?.addEventListener('abort', () => aborted.push(modelId))
      if (++calls === 2) resolve(undefined)
      await bothCalled
    }
    return new MockLanguageModelV4({
      provider: 'mock',
      modelId,
      doGenerate: async ({ abortSignal }) => {
        await called(abortSignal)
        return { content: [{ type: 'text', text: 'hi' }], finishReason: STOP, usage: USAGE, warnings: [] }
      },
      doStream: async ({ abortSignal }) => {
        await called(abortSignal)
        const parts = whole('hi')
        return {
          stream: new ReadableStream({
            pull(controller) {
              const part = parts.shift()
              if (part) controller.enqueue(part)
              else controller.close()
            },
            cancel: () => void cancelled.push(modelId),
          }),
        }
      },
    })
  })
  const ended: string[] = []
  const model = createFallbackModel({
    models,
    hedge: { afterMs: 1, maxExtraRatio: 1 },
    telemetry: {
      start: () => ({
        attemptEnded: ({ target, failure }) => void ended.push(`${target} ${failure?.code ?? 'answered'}`),
        end: () => void ended.push('end'),
      }),
    },
  })
  return { model, cancelled, aborted, ended }
}

describe('two attempts that are answered in the same turn', () => {
  it('leave one stream: the other one is cancelled, and ends without an answer', async () => {
    const { model, cancelled, aborted, ended } = twoAtOnce()
    const parts = await allOf((await model.doStream({ prompt: [] })).stream)
    const receipt = receiptOf(parts.at(-1))
    const loser = receipt?.target === 'mock/first' ? 'second' : 'first'
    expect(cancelled).toEqual([loser])
    expect(aborted).toEqual([loser])
    expect(receipt?.attempts.find(({ target }) => target === `mock/${loser}`)).toMatchObject({
      outcome: 'abandoned',
    })
    expect(ended).toContain(`mock/${loser} lost_hedge`)
    expect(ended.at(-1)).toBe('end')
  })

  it('leave one answer, and no attempt that has not ended', async () => {
    const { model, ended } = twoAtOnce()
    const receipt = receiptOf(await model.doGenerate({ prompt: [] }))
    expect(receipt?.attempts.map(({ outcome }) => outcome).toSorted()).toEqual(['abandoned', 'answered'])
    expect(ended.at(-1)).toBe('end')
    expect(ended).toHaveLength(3)
  })
})
