import { getEventListeners } from 'node:events'
import { describe, expect, it, vi } from 'vitest'
import { createCache, RecordingLagError, type Source } from '../src/index.ts'
import { bytes, Feed, hanging, pass, readAll, StreamingOrigin, text, watch, withFakeTime } from './harness.ts'

withFakeTime()

const newCache = (): ReturnType<typeof createCache<Uint8Array>> => createCache<Uint8Array>({ ttlJitter: 0 })

describe('a shared stream', () => {
  it('is aborted and not cached when its last reader leaves, or read to its end if so configured', async () => {
    for (const leave of ['return', 'cancel', 'abort'] as const) {
      const cache = newCache()
      const origin = new StreamingOrigin()
      const controller = new AbortController()
      const answer = await cache.record('key', origin.open, { signal: controller.signal })
      origin.feed.push('one')
      expect(text((await answer.body.next()).value as Uint8Array)).toBe('one')
      if (leave === 'return') await answer.body.return?.()
      else if (leave === 'cancel') answer.body.cancel(new Error('enough'))
      else controller.abort(new Error('enough'))
      await pass(0)
      expect(origin.signals[0]?.aborted, leave).toBe(true)
      expect(origin.feed.returned, leave).toBe(true)
      expect(await answer.stored, leave).toBe('aborted')
      expect(await cache.replay('key'), leave).toBeUndefined()
      expect(getEventListeners(controller.signal, 'abort')).toHaveLength(0)
    }

    const cache = newCache()
    const origin = new StreamingOrigin()
    const answer = await cache.record('key', origin.open, { onLastReaderGone: 'finish' })
    answer.body.cancel()
    origin.feed.push('one', 'two')
    await pass(0)
    expect(origin.signals[0]?.aborted).toBe(false)
    expect(await cache.replay('key')).toBeUndefined()
    origin.feed.end()
    expect(await answer.stored).toBe(true)
    expect(await readAll((await cache.record('key', origin.open)).body)).toBe('onetwo')
    expect(vi.getTimerCount()).toBe(0)
  })

  it('is read to its end for a short time if its readers left when it was complete', async () => {
    const isComplete = (chunks: readonly Uint8Array[]): boolean => text(...chunks).endsWith('[DONE]')
    for (const ends of [true, false]) {
      const cache = newCache()
      const origin = new StreamingOrigin()
      const answer = await cache.record('key', origin.open, { isComplete })
      origin.feed.push('content', '[DONE]')
      await answer.body.next()
      await answer.body.next()
      answer.body.cancel()
      if (ends) origin.feed.end()
      await pass(249)
      expect(origin.signals[0]?.aborted).toBe(false)
      await pass(1)
      expect(origin.signals[0]?.aborted).toBe(!ends)
      expect(await answer.stored).toBe(ends ? true : 'aborted')
      expect(vi.getTimerCount()).toBe(0)
    }
  })

  it('gives a late reader all chunks in order, and cuts off a reader that stalls for too long', async () => {
    const cache = newCache()
    const origin = new StreamingOrigin()
    const chunks = Array.from({ length: 100 }, (_, at) => `<${at}>`)
    const first = await cache.record('key', origin.open)
    origin.feed.push(...chunks.slice(0, 50))
    for (let at = 0; at < 50; at++) await first.body.next()

    const second = await cache.record('key', origin.open)
    expect(second).toMatchObject({ status: 'shared', reason: 'in-flight', head: { status: 200 } })
    origin.feed.push(...chunks.slice(50))
    origin.feed.end()
    const seen: string[] = []
    for await (const chunk of second.body) seen.push(text(chunk))
    expect(seen).toEqual(chunks)
    expect(await readAll(first.body)).toBe(chunks.slice(50).join(''))
    expect(origin.feeds).toHaveLength(1)

    // Readers share the chunks. Beyond the limit, a stalled reader is cut off.
    const long = new StreamingOrigin()
    const fast = await cache.record('long', long.open, { maxRecordBytes: 1_000 })
    const stalled = await cache.record('long', long.open)
    const kilobyte = 'x'.repeat(100)
    for (let round = 0; round < 100; round++) {
      long.feed.push(kilobyte)
      expect(text((await fast.body.next()).value as Uint8Array)).toBe(kilobyte)
    }
    await expect(stalled.body.next()).rejects.toSatisfy((error) => RecordingLagError.is(error))
    long.feed.end()
    await fast.body.next()
    expect(await fast.stored).toBe('too-large')
    // The source is not read ahead of its only reader.
    const alone = new StreamingOrigin()
    await cache.record('alone', alone.open)
    alone.feed.push(...chunks)
    await pass(1_000)
    expect(alone.feed.reads).toBe(0)
  })

  it('never omits a chunk silently, whenever a reader joins a stream that is too long to be cached', async () => {
    const content = ['a', 'b', 'c', 'd'.repeat(100), 'e'.repeat(100), 'f'.repeat(100)]
    for (let ticks = 0; ticks < 20; ticks++) {
      const cache = newCache()
      const chunks = content.map(bytes)
      const body: AsyncIterable<Uint8Array> = {
        [Symbol.asyncIterator]: () => ({
          next: () => {
            const value = chunks.shift()
            return Promise.resolve(value ? { done: false, value } : { done: true, value: undefined })
          },
        }),
      }
      const open = (): Source<null> => ({ head: null, body })
      const orLag = (error: unknown): unknown => (RecordingLagError.is(error) ? 'lag' : error)
      const first = await cache.record('key', open, { maxRecordBytes: 10 })
      const reading = readAll(first.body).catch(orLag)
      for (let tick = 0; tick < ticks; tick++) await Promise.resolve()
      const late = await cache.record('key', open)
      // For a reader that came too late to join, the source is empty.
      const joined = late.status === 'shared' ? [late.body] : []
      const seen = await Promise.all([reading, ...joined.map((one) => readAll(one).catch(orLag))])
      for (const one of seen) expect(['lag', content.join('')], `after ${ticks} ticks`).toContain(one)
    }
  })

  it('goes on for the other readers when the first one leaves', async () => {
    const cache = newCache()
    const origin = new StreamingOrigin()
    const first = await cache.record('key', origin.open)
    const second = await cache.record('key', origin.open)
    const third = await cache.record('key', origin.open)
    origin.feed.push('one ')
    await first.body.next()
    first.body.cancel()
    const reading = [second, third].map(({ body }) => readAll(body))
    origin.feed.push('two ', 'three')
    await pass(0)
    origin.feed.end()
    expect(await Promise.all(reading)).toEqual(['one two three', 'one two three'])
    expect(origin.signals.map(({ aborted }) => aborted)).toEqual([false])
    expect(await cache.record('key', origin.open)).toMatchObject({ status: 'hit' })
  })

  it('goes on for the other readers when the first one leaves before the head is there', async () => {
    const cache = newCache()
    const head = Promise.withResolvers<undefined>()
    const feed = new Feed()
    const open = async (): Promise<Source<number>> => {
      await head.promise
      return { head: 200, body: feed }
    }
    const controller = new AbortController()
    const first = watch(cache.record('key', open, { signal: controller.signal }))
    const second = cache.record('key', open)
    await pass(0)
    controller.abort(new Error('gone'))
    await pass(0)
    expect(first.error).toMatchObject({ message: 'gone' })
    head.resolve(undefined)
    feed.push('all')
    feed.end()
    expect(await readAll((await second).body)).toBe('all')
  })

  it('fails for all readers after the chunks so far when its source fails, and is not cached', async () => {
    const cache = newCache()
    const origin = new StreamingOrigin()
    const answers = [await cache.record('key', origin.open), await cache.record('key', origin.open)]
    origin.feed.push('one')
    const cut = new Error('the socket was cut')
    origin.feed.end(cut)
    for (const { body, stored } of answers) {
      expect(text((await body.next()).value as Uint8Array)).toBe('one')
      await expect(body.next()).rejects.toBe(cut)
      expect(await stored).toBe('failed')
    }
    expect(await cache.replay('key')).toBeUndefined()
    expect(cache.stats()).toMatchObject({ inFlight: 0, refused: { failed: 1 } })
  })

  it('is opened by getOrStream when it is first read, and replayed afterwards', async () => {
    const cache = newCache()
    const open = vi.fn(async function* (_: AbortSignal) {
      yield bytes('one')
      yield bytes('two')
    })
    const stream = cache.getOrStream('key', open)
    await pass(0)
    expect(open).not.toHaveBeenCalled()
    expect(await readAll(stream)).toBe('onetwo')
    expect(await readAll(cache.getOrStream('key', open))).toBe('onetwo')
    expect(open).toHaveBeenCalledTimes(1)
    const broken = cache.getOrStream('other', async function* () {
      yield 'text' as never
    })
    await expect(readAll(broken)).rejects.toThrow(
      'a chunk of a stream must be a Uint8Array, got one of type string',
    )
  })

  it('rejects a pending read at once when its caller aborts, even if the source hangs', async () => {
    const cache = newCache()
    const controller = new AbortController()
    const body: AsyncIterable<Uint8Array> = { [Symbol.asyncIterator]: () => ({ next: hanging }) }
    const answer = await cache.record('key', () => ({ head: null, body }), { signal: controller.signal })
    const pending = watch(answer.body.next())
    await pass(0)
    const reason = new Error('enough')
    controller.abort(reason)
    await pass(0)
    expect(pending.error).toBe(reason)
  })
})

/** Answers of every sort, as they come over the wire. */
const ANSWERS: readonly (readonly [name: string, wire: string, end: string])[] = [
  ['tool-call deltas, reasoning and usage', chatStream(), '[DONE]'],
  ['named events', responseStream(), 'response.completed'],
  ['JSON', '{"choices":[{"index":0,"finish_reason":"stop","message":{"content":"hello 港"}}]}', '}]}'],
]

function chatStream(): string {
  const delta = (choice: object): string => JSON.stringify({ choices: [{ index: 0, ...choice }] })
  const call = { index: 0, id: 'call_1', function: { name: 'weather', arguments: '{"ci' } }
  return [
    delta({ delta: { role: 'assistant', reasoning_content: 'Where is "it"? 港' } }),
    delta({ delta: { tool_calls: [call] } }),
    delta({ delta: { tool_calls: [{ index: 0, function: { arguments: 'ty":"Kiel"}' } }] } }),
    delta({ delta: {}, finish_reason: 'tool_calls' }),
    JSON.stringify({ choices: [], usage: { total_tokens: 12, completion_tokens_details: {} } }),
    '[DONE]',
  ]
    .map((line) => `data: ${line}\n\n`)
    .join('')
}

function responseStream(): string {
  return [
    { type: 'response.created', response: { id: 'resp_1', status: 'in_progress' } },
    { type: 'response.reasoning_summary_text.delta', delta: 'Where is "it"? 港' },
    { type: 'response.completed', response: { id: 'resp_1', status: 'completed', output: [] } },
  ]
    .map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`)
    .join('')
}

/** In pieces of some bytes, as no event and no character would have it. */
async function* inPieces(wire: string): AsyncGenerator<Uint8Array> {
  const all = bytes(wire)
  for (let at = 0; at < all.length; at += 37) yield all.subarray(at, at + 37)
}

describe('a recorded answer', () => {
  it.each(ANSWERS)('is replayed byte for byte: %s', async (_, wire, end) => {
    const cache = newCache()
    const isComplete = (chunks: readonly Uint8Array[]): true | string =>
      Buffer.concat(chunks).includes(end) || 'incomplete'
    const sourceOf = (text: string) => (): Source<null> => ({ head: null, body: inPieces(text) })
    const first = await cache.record('key', sourceOf(wire), { isComplete })
    const late = await cache.record('key', sourceOf('another'), { isComplete })
    expect(await readAll(first.body)).toBe(wire)
    expect(await readAll(late.body)).toBe(wire)
    expect(await first.stored).toBe(true)
    const again = await cache.replay('key')
    expect(again && (await readAll(again.body))).toBe(wire)
  })

  it('is not stored when it is refused, with the reason', async () => {
    const cache = newCache()
    const { body, stored } = await cache.record(
      'key',
      () => ({ head: null, body: inPieces('{"error":1}') }),
      {
        isComplete: () => 'error',
      },
    )
    await readAll(body)
    expect(await stored).toBe('error')
    expect(await cache.replay('key')).toBeUndefined()
  })
})
