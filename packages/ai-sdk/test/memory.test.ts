import type { LanguageModelV4, LanguageModelV4Content, LanguageModelV4StreamPart } from '@ai-sdk/provider'
import { getEventListeners } from 'node:events'
import { expect, it } from 'vitest'
import { createFallbackModel, receiptOf } from '../src/index.ts'
import { apiError, STOP, USAGE } from './mock-models.ts'

let calls = 0

/** A model that fails every 50th call, cuts some of its streams, and makes a tool call with an id of its own in each answer. */
function flaky(modelId: string): LanguageModelV4 {
  const answer = (): LanguageModelV4Content[] => [
    { type: 'text', text: 'hi' },
    {
      type: 'tool-call',
      toolCallId: `call_${calls}`,
      toolName: 'weather',
      input: '{}',
      providerMetadata: { openai: { itemId: `fc_${calls}` } },
    },
  ]
  return {
    specificationVersion: 'v4',
    provider: 'openai.responses',
    modelId,
    supportedUrls: {},
    doGenerate: () =>
      ++calls % 50 === 0
        ? Promise.reject(apiError(503))
        : Promise.resolve({ content: answer(), finishReason: STOP, usage: USAGE, warnings: [] }),
    doStream: () => {
      if (++calls % 50 === 0) return Promise.reject(apiError(503))
      const parts: LanguageModelV4StreamPart[] = [
        { type: 'text-start', id: '0' },
        { type: 'text-delta', id: '0', delta: 'hi' },
        ...(answer().slice(1) as LanguageModelV4StreamPart[]),
        { type: 'finish', finishReason: STOP, usage: USAGE },
      ]
      if (calls % 49 === 0) parts.pop()
      return Promise.resolve({ stream: ReadableStream.from(parts) })
    },
  }
}

it('50,000 calls grow the heap by less than 2 MB, and leave no listener on the signal that they share', async () => {
  const retry = { baseDelayMs: 1, maxDelayMs: 1 }
  const model = createFallbackModel({ models: [flaky('a'), flaky('b')], retry, breaker: false })
  const { signal } = new AbortController()
  let receipts = 0

  async function one(number: number): Promise<void> {
    const options = {
      prompt: [{ role: 'user' as const, content: [{ type: 'text' as const, text: `Question ${number}` }] }],
      abortSignal: signal,
      providerOptions: { harbor: { session: `chat-${number}` } },
    }
    try {
      if (number % 2 === 0) {
        if (receiptOf(await model.doGenerate(options))) receipts++
        return
      }
      const { stream } = await model.doStream(options)
      if (number % 7 === 0) {
        await stream.cancel()
        receipts++
      } else for await (const part of stream) if (receiptOf(part)) receipts++
    } catch (error) {
      if (receiptOf(error)) receipts++
    }
  }
  async function many(from: number, to: number): Promise<number> {
    let next = from
    const worker = async (): Promise<void> => {
      while (next < to) await one(next++)
    }
    await Promise.all(Array.from({ length: 64 }, worker))
    for (let time = 0; time < 3; time++) {
      await new Promise((resolve) => setTimeout(resolve, 20))
      globalThis.gc?.()
    }
    return process.memoryUsage().heapUsed
  }

  const before = await many(0, 10_000)
  const after = await many(10_000, 60_000)
  expect(receipts).toBe(60_000)
  expect(model.stats()).toMatchObject({ calls: 60_000, inFlight: 0 })
  expect(getEventListeners(signal, 'abort')).toHaveLength(0)
  expect((after - before) / 2 ** 20).toBeLessThan(2)
})
