import { describe, expect, it } from 'vitest'
import { receiptOf } from '../src/index.ts'
import { answering, chat, chunk, events } from './helpers/fixed-answers.ts'
import { collect } from './helpers/sdk-versions.ts'

const usage = { prompt_tokens: 1_000, completion_tokens: 1_000, total_tokens: 2_000 }
const request = { model: 'gpt-5-mini', messages: [{ role: 'user' as const, content: 'Hi' }] }

describe('the first call of a client whose price list is not loaded', () => {
  it('has its cost when the answer arrives, in the receipt and in its header', async () => {
    const { harbor } = await answering(chat('hi', { usage }), { models: {} })
    const { data, response } = await harbor.chat.completions.create(request).withResponse()
    expect(receiptOf(data)).toMatchObject({ outcome: 'success', cost: { price: 'list' } })
    expect(receiptOf(data)?.cost?.usd).toBeCloseTo(0.00225, 12)
    expect(Number(response.headers.get('x-harbor-cost-usd'))).toBeCloseTo(0.00225, 12)
    expect(harbor.stats().cost.spentUsd).toBeCloseTo(0.00225, 12)
  })

  it('has its cost when its receipt is closed, and its stream has been read', async () => {
    let atEnd: unknown
    const stream = events([chunk({ content: 'hi' }, 'stop'), { ...chunk({}), choices: [], usage }])
    const { harbor } = await answering(stream, { models: {} })
    harbor.on('end', ({ receipt }) => (atEnd = receipt.cost?.usd))
    await collect(await harbor.chat.completions.create({ ...request, stream: true }))
    await expect.poll(() => atEnd).toBeDefined()
    expect(atEnd).toBeCloseTo(0.00225, 12)
  })

  it('has its cost for each of many calls at once', async () => {
    const { harbor } = await answering(chat('hi', { usage }), { models: {} })
    const replies = await Promise.all(
      Array.from({ length: 20 }, () => harbor.chat.completions.create(request)),
    )
    expect(replies.every((reply) => receiptOf(reply)?.cost !== undefined)).toBe(true)
  })
})
