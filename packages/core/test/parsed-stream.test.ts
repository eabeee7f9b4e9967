import OpenAI from 'openai'
import { describe, expect, it } from 'vitest'
import { receiptOf } from '../src/index.ts'
import { failureOf } from './helpers/expect-failure.ts'
import { harborFetchFor, harborFor, HELLO, simulate } from './helpers/harbor-for.ts'

const STREAM = { ...HELLO, stream: true as const, stream_options: { include_usage: true } }

describe('a stream that the guard has parsed', () => {
  it('has the same chunks, tee and readable stream as one that the SDK decodes', async () => {
    const provider = await simulate()
    const harbor = harborFor(provider)
    const sdk = new OpenAI({ apiKey: 'test-key', baseURL: provider.baseURL, fetch: harborFetchFor() })
    const expected = await all(await sdk.chat.completions.create(STREAM))
    expect(expected.length).toBeGreaterThan(3)
    expect(await all(await harbor.chat.completions.create(STREAM))).toEqual(expected)

    const [left, right] = (await harbor.chat.completions.create(STREAM)).tee()
    expect(await Promise.all([all(left), all(right)])).toEqual([expected, expected])

    const readable = (await harbor.chat.completions.create(STREAM)).toReadableStream()
    const lines = (await new Response(readable as ReadableStream<Uint8Array>).text()).trim().split('\n')
    expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual(expected)
  })

  it('is of the SDK’s own class, and can be read once', async () => {
    const harbor = harborFor(await simulate())
    const stream = await harbor.chat.completions.create(STREAM)
    expect(stream.constructor.name).toBe('Stream')
    await all(stream)
    expect(await failureOf(all(stream))).toMatchObject({
      message: expect.stringContaining('consumed stream') as string,
    })
  })

  it('ends without an error when its caller aborts it, and is aborted upstream when its caller breaks out', async () => {
    const fault = { type: 'stream-stall', afterEvents: 3 } as const
    const provider = await simulate({ providers: { openai: { rules: [{ fault }] } } })
    const harbor = harborFor(provider)
    const aborted = await harbor.chat.completions.create(STREAM)
    let chunks = 0
    for await (const _chunk of aborted) if (++chunks === 3) aborted.controller.abort()
    expect(chunks).toBe(3)
    const left = await harbor.chat.completions.create(STREAM)
    for await (const _chunk of left) break
    await provider.whenIdle()
    expect(provider.counts()).toMatchObject({ calls: 2, aborts: 2 })
    expect([aborted, left].map((stream) => receiptOf(stream)?.outcome)).toEqual(['aborted', 'aborted'])
  })

  it('returns consecutive items for concurrent reads, and ends after return()', async () => {
    const harbor = harborFor(await simulate())
    const items = (await harbor.chat.completions.create(STREAM))[Symbol.asyncIterator]()
    const [first, second] = await Promise.all([items.next(), items.next()])
    expect(first.done).toBe(false)
    expect(second.done).toBe(false)
    expect(second.value).not.toBe(first.value)
    expect(await items.return?.()).toMatchObject({ done: true })
    expect(await items.next()).toMatchObject({ done: true })
  })
})

async function all(items: AsyncIterable<unknown>): Promise<unknown[]> {
  const list: unknown[] = []
  for await (const item of items) list.push(item)
  return list
}
