import { getEventListeners } from 'node:events'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it, vi } from 'vitest'
import {
  answerRefusal,
  createCache,
  RecordingLagError,
  type LlmOperation,
  type Source,
} from '../src/index.ts'
import { bytes, Feed, hanging, pass, readAll, text, watch, withFakeTime } from './harness.ts'

withFakeTime()

const newCache = (): ReturnType<typeof createCache<Uint8Array>> => createCache<Uint8Array>({ ttlJitter: 0 })

/** An origin that answers with streams fed by hand. */
class Streaming {
  readonly feeds: Feed[] = []
  readonly signals: AbortSignal[] = []

  readonly open = async ({ signal }: { signal: AbortSignal }): Promise<Source<{ status: number }>> => {
    const feed = new Feed()
    this.feeds.push(feed)
    this.signals.push(signal)
    return { head: { status: 200 }, body: feed }
  }

  get feed(): Feed {
    return this.feeds.at(-1) ?? new Feed()
  }
}

describe('streams', () => {
  it('16. Given the consumer of a stream aborts mid-way and no one else reads, then nothing partial is ever stored (or the load finishes, when so configured)', async () => {
    for (const leave of ['return', 'cancel', 'abort'] as const) {
      const cache = newCache()
      const origin = new Streaming()
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
      expect(await answer.kept, leave).toBe('aborted')
      expect(await cache.replay('key'), leave).toBeUndefined()
      expect(getEventListeners(controller.signal, 'abort')).toHaveLength(0)
    }

    const cache = newCache()
    const origin = new Streaming()
    const answer = await cache.record('key', origin.open, { onLastReaderGone: 'finish' })
    answer.body.cancel()
    origin.feed.push('one', 'two')
    await pass(0)
    expect(origin.signals[0]?.aborted).toBe(false)
    expect(await cache.replay('key')).toBeUndefined()
    origin.feed.end()
    expect(await answer.kept).toBe(true)
    expect(await readAll((await cache.record('key', origin.open)).body)).toBe('onetwo')
    expect(vi.getTimerCount()).toBe(0)
  })

  it('waits for the end of a stream whose readers left when all was there, but not for long', async () => {
    const isComplete = (chunks: readonly Uint8Array[]): boolean => text(...chunks).endsWith('[DONE]')
    for (const ends of [true, false]) {
      const cache = newCache()
      const origin = new Streaming()
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
      expect(await answer.kept).toBe(ends ? true : 'aborted')
      expect(vi.getTimerCount()).toBe(0)
    }
  })

  it('17. Given a second reader joins at chunk 50, then it sees all chunks once, in order; memory stays bounded when it stalls', async () => {
    const cache = newCache()
    const origin = new Streaming()
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

    // Each chunk is held once, whoever stalls; past the limit the one who stalls is cut off.
    const long = new Streaming()
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
    expect(await fast.kept).toBe('too-large')
    // A stream with one reader is never ahead of it: the source waits.
    const alone = new Streaming()
    await cache.record('alone', alone.open)
    alone.feed.push(...chunks)
    await pass(1_000)
    expect(alone.feed.reads).toBe(0)
  })

  it('never leaves anything out in silence, whenever a reader joins a stream that is too long to be kept', async () => {
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
      // For who came too late to join, the source is empty.
      const joined = late.status === 'shared' ? [late.body] : []
      const seen = await Promise.all([reading, ...joined.map((one) => readAll(one).catch(orLag))])
      for (const one of seen) expect(['lag', content.join('')], `after ${ticks} ticks`).toContain(one)
    }
  })

  it('18. Given the first reader of a shared stream leaves, then the others get everything', async () => {
    const cache = newCache()
    const origin = new Streaming()
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

  it('lets the first one leave before the head is there', async () => {
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

  it('gives a fault in the middle to all readers, after what had come, and keeps nothing', async () => {
    const cache = newCache()
    const origin = new Streaming()
    const answers = [await cache.record('key', origin.open), await cache.record('key', origin.open)]
    origin.feed.push('one')
    const cut = new Error('the socket was cut')
    origin.feed.end(cut)
    for (const { body, kept } of answers) {
      expect(text((await body.next()).value as Uint8Array)).toBe('one')
      await expect(body.next()).rejects.toBe(cut)
      expect(await kept).toBe('failed')
    }
    expect(await cache.replay('key')).toBeUndefined()
    expect(cache.stats()).toMatchObject({ inFlight: 0, refused: { failed: 1 } })
  })

  it('serves a stale recording while it is made anew, and in an outage', async () => {
    const cache = createCache<Uint8Array>({
      ttlMs: 1_000,
      ttlJitter: 0,
      staleWhileRevalidateMs: 1_000,
      staleIfErrorMs: 10_000,
    })
    const answering = (content: string) => (): Source<null> => ({
      head: null,
      body: (async function* () {
        yield bytes(content)
      })(),
    })
    await readAll((await cache.record('key', answering('first'))).body)
    await pass(1_500)
    const stale = await cache.record('key', answering('second'))
    expect(stale).toMatchObject({ status: 'stale', reason: 'revalidating' })
    expect(await readAll(stale.body)).toBe('first')
    await pass(0)
    expect(await readAll((await cache.record('key', answering('third'))).body)).toBe('second')

    await pass(5_000)
    const outage = await cache.record('key', () => {
      throw Object.assign(new Error('down'), { status: 503 })
    })
    expect(outage).toMatchObject({ status: 'stale', reason: 'load-failed' })
    expect(await readAll(outage.body)).toBe('second')
    expect(await cache.replay('key')).toBeUndefined()
    const asked = await cache.replay('key', { stale: 'if-error' })
    expect(asked).toMatchObject({ status: 'stale', reason: 'asked' })
  })

  it('decides at the end of the body, by what the source has said meanwhile', async () => {
    const cache = newCache()
    const open =
      (refuse: boolean) =>
      (context: { refuse: (reason: string) => void; keepFor: (options: object) => void }): Source<null> => ({
        head: null,
        body: (async function* () {
          yield bytes('content')
          if (refuse) context.refuse('fallback')
          else context.keepFor({ ttlMs: 5_000 })
        })(),
      })
    const refused = await cache.record('key', open(true))
    await readAll(refused.body)
    expect(await refused.kept).toBe('fallback')
    const kept = await cache.record('key', open(false))
    await readAll(kept.body)
    expect(await kept.kept).toBe(true)
    await pass(5_000)
    expect(await cache.replay('key')).toBeUndefined()
    expect(cache.stats().refused).toEqual({ fallback: 1 })
  })

  it('hands out whole what it cannot keep: too large for the cache, no proof, a head without JSON', async () => {
    const onError = vi.fn()
    const cache = createCache<Uint8Array>({ maxBytes: 400, onError })
    const answering = (head: unknown, content: string) => (): Source<unknown> => ({
      head,
      body: (async function* () {
        yield bytes(content)
      })(),
    })
    const thrown = new Error('from isComplete')
    const cases = [
      [null, 'x'.repeat(400), 'too-large', () => true],
      [null, 'short', 'incomplete', () => false],
      [null, 'short', 'half', () => 'half'],
      [
        null,
        'short',
        'incomplete',
        (): boolean => {
          throw thrown
        },
      ],
      [1n, 'short', 'unencodable', () => true],
    ] as const
    for (const [head, content, why, isComplete] of cases) {
      const answer = await cache.record('key', answering(head, content), { isComplete })
      expect(answer.head).toBe(head)
      expect(await readAll(answer.body)).toBe(content)
      expect(await answer.kept).toBe(why)
      expect(await cache.replay('key')).toBeUndefined()
    }
    expect(cache.stats().refused).toEqual({ 'too-large': 1, incomplete: 2, half: 1, unencodable: 1 })
    expect(onError.mock.calls.flat()).toEqual([thrown, expect.any(TypeError)])
  })

  it('keeps a text at once, hands it out as text and as bytes, and tells those who join', async () => {
    const cache = newCache()
    const gate = Promise.withResolvers<undefined>()
    const open = async (): Promise<Source<{ status: number }>> => {
      await gate.promise
      return { head: { status: 200 }, body: 'Grüße' }
    }
    const [first, joined] = [cache.record('key', open), cache.record('key', open)]
    gate.resolve(undefined)
    for (const answer of [await first, await joined, await cache.record('key', open)]) {
      expect(answer).toMatchObject({ head: { status: 200 }, body: { text: 'Grüße' } })
      expect(await readAll(answer.body)).toBe('Grüße')
      expect(await answer.body.next()).toMatchObject({ done: true })
      expect(await answer.kept).toBe(true)
    }
    expect(cache.stats()).toMatchObject({ misses: 1, shared: 1, hits: 1, entries: 1 })
    const left = await cache.record('key', open)
    left.body.cancel()
    expect(await left.body.next()).toMatchObject({ done: true })
    expect(await readAll((await cache.record('empty', () => ({ head: null, body: '' }))).body)).toBe('')
  })

  it('keeps no text that the load refuses, that is too long in bytes, or that is asked for past the cache', async () => {
    const cache = newCache()
    const answer = (body: string) => () => ({ head: null, body })
    const refused = await cache.record('key', ({ refuse }) => {
      refuse('length')
      return { head: null, body: 'cut' }
    })
    expect(await refused.kept).toBe('length')
    const long = await cache.record('key', answer('üü'), { maxRecordBytes: 3 })
    expect(await long.kept).toBe('too-large')
    expect(await readAll(long.body)).toBe('üü')
    const past = await cache.record('key', answer('text'), { control: 'bypass' })
    expect(await past.kept).toBe('bypass')
    expect(cache.stats().entries).toBe(0)
    expect(await (await cache.record('key', answer('üü'), { maxRecordBytes: 4 })).kept).toBe(true)
  })

  it('aborts the load of a text that nobody waits for any more', async () => {
    const cache = newCache()
    const controller = new AbortController()
    const reason = new Error('enough')
    const signals: AbortSignal[] = []
    const gate = Promise.withResolvers<undefined>()
    const pending = cache.record(
      'key',
      async ({ signal }) => {
        signals.push(signal)
        await gate.promise
        return { head: null, body: 'too late' }
      },
      { signal: controller.signal },
    )
    await pass(0)
    controller.abort(reason)
    await expect(pending).rejects.toBe(reason)
    gate.resolve(undefined)
    await pass(0)
    expect(signals[0]?.aborted).toBe(true)
    expect(cache.stats()).toMatchObject({ entries: 0, kept: 0 })
  })

  it('getOrStream opens nothing before it is read, and replays what it read', async () => {
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

  it('rejects what is pending at once when a reader aborts, though the source hangs', async () => {
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

const recordings =
  process.env['HARBOR_RECORDINGS'] ?? join(import.meta.dirname, '../../../../shared/recordings')
const there = existsSync(recordings)
if (!there) console.warn(`no recordings in ${recordings}: only the answers written here are replayed`)

interface Recorded {
  name: string
  operation: LlmOperation
  stream: boolean
  wire: string
}

/** A failure that was recorded. */
const isError = (name: string): boolean => name.startsWith('openai-error')

/** Answers of every sort, so that the promises are kept to where the recordings are not. */
function writtenHere(): Recorded[] {
  const delta = (choice: object, more: object = {}): string =>
    JSON.stringify({ choices: [{ index: 0, finish_reason: null, ...choice }], ...more })
  const call = { index: 0, id: 'call_1', function: { name: 'weather', arguments: '{"ci' } }
  const chat = [
    delta({ delta: { role: 'assistant', reasoning_content: 'Where is "it"? 港' } }),
    delta({ delta: { tool_calls: [call] } }),
    delta({ delta: { tool_calls: [{ index: 0, function: { arguments: 'ty":"Kiel"}' } }] } }),
    delta({ delta: {}, finish_reason: 'tool_calls' }),
    JSON.stringify({ choices: [], usage: { total_tokens: 12, completion_tokens_details: {} } }),
  ]
  const response = { id: 'resp_1', status: 'completed', incomplete_details: null, output: [] }
  const responses = [
    JSON.stringify({ type: 'response.created', response: { id: 'resp_1', status: 'in_progress' } }),
    JSON.stringify({ type: 'response.reasoning_summary_text.delta', delta: 'Where is "it"? 港' }),
    JSON.stringify({ type: 'response.completed', response }),
  ]
  const whole = { choices: [{ index: 0, finish_reason: 'stop', message: { content: 'hello' } }] }
  return [
    { name: 'written here', operation: 'chat', stream: true, wire: onTheWire('chat', chat.join('\n')) },
    { name: 'written here', operation: 'chat', stream: false, wire: JSON.stringify(whole) },
    {
      name: 'written here',
      operation: 'responses',
      stream: true,
      wire: onTheWire('responses', responses.join('\n')),
    },
    { name: 'written here', operation: 'responses', stream: false, wire: JSON.stringify(response) },
  ]
}

function allRecordings(): Recorded[] {
  const found = writtenHere()
  for (const operation of ['chat', 'responses'] as const) {
    for (const name of there ? readdirSync(join(recordings, operation)) : []) {
      const content = readFileSync(join(recordings, operation, name), 'utf8')
      const stream = name.endsWith('.chunks.txt')
      found.push({ name, operation, stream, wire: stream ? onTheWire(operation, content) : content })
    }
  }
  return found
}

function onTheWire(operation: LlmOperation, content: string): string {
  const lines = content.split('\n').filter((line) => line !== '')
  if (operation === 'chat') return [...lines, '[DONE]'].map((line) => `data: ${line}\n\n`).join('')
  return lines
    .map((line) => `event: ${(JSON.parse(line) as { type: string }).type}\ndata: ${line}\n\n`)
    .join('')
}

/** In pieces of some bytes, as no event and no character would have it. */
function inPieces(wire: string): Uint8Array[] {
  const all = bytes(wire)
  const pieces: Uint8Array[] = []
  for (let at = 0; at < all.length; at += 37) pieces.push(all.subarray(at, at + 37))
  return pieces
}

const sourceOf = (wire: string) => (): Source<null> => ({
  head: null,
  body: (async function* () {
    yield* inPieces(wire)
  })(),
})

describe('answers as they come over the wire', () => {
  it.each(allRecordings())(
    '19. Replay equals the recording byte for byte: tool-call deltas, reasoning, usage ($operation/$name)',
    async ({ name, wire, operation, stream }) => {
      const cache = newCache()
      const isComplete = (chunks: readonly Uint8Array[]): true | string =>
        answerRefusal({ operation, status: 200, stream, chunks }) ?? true
      const first = await cache.record('key', sourceOf(wire), { isComplete })
      const late = await cache.record('key', sourceOf('another'), { isComplete })
      expect(await readAll(first.body)).toBe(wire)
      expect(await readAll(late.body)).toBe(wire)
      expect(await first.kept).toBe(isError(name) ? 'error' : true)
      const again = await cache.replay('key')
      expect(again && (await readAll(again.body))).toBe(isError(name) ? undefined : wire)
    },
  )

  it.each(allRecordings())(
    '20. `length`, `content_filter`, error events and streams without terminal proof are not stored ($operation/$name)',
    ({ name, wire, operation, stream }) => {
      const refusal = (changed: string): string | undefined =>
        answerRefusal({ operation, status: 200, stream, chunks: inPieces(changed) })
      expect(refusal(wire)).toBe(isError(name) ? 'error' : undefined)
      if (isError(name)) return
      // Cut anywhere, it is not whole any more: only what follows the last finish reason may be missing at an event's end.
      const proof = Math.max(
        wire.lastIndexOf('"finish_reason":"'),
        wire.lastIndexOf('response.completed'),
        stream ? 0 : wire.lastIndexOf('}'),
      )
      for (let at = 1; at < proof; at += Math.ceil(proof / 200)) {
        expect(refusal(wire.slice(0, at)), `cut at ${at}`).toBeDefined()
      }
      const changes: [RegExp, string, string][] =
        operation === 'chat'
          ? [
              [/"finish_reason":\s*"(stop|tool_calls)"/g, '"finish_reason":"length"', 'length'],
              [
                /"finish_reason":\s*"(stop|tool_calls)"/g,
                '"finish_reason":"content_filter"',
                'content-filter',
              ],
              [/"finish_reason":\s*"(stop|tool_calls)"/g, '"finish_reason":null', 'incomplete'],
            ]
          : [
              [/"status":\s*"completed"/g, '"status":"failed"', 'error'],
              [
                /"status":\s*"completed"/g,
                '"status":"incomplete","incomplete_details":{"reason":"max_output_tokens"},"was":{}',
                'length',
              ],
            ]
      for (const [what, other, expected] of changes) {
        const changed = wire
          .replace(what, other)
          .replaceAll(/("was":\{\}[^]*?)"incomplete_details":\s*null/g, '$1"was2":null')
        expect(refusal(changed), other).toBe(expected)
      }
      if (stream) {
        const error =
          operation === 'chat'
            ? 'data: {"error":{"message":"overloaded"}}\n\n'
            : 'event: error\ndata: {"type":"error","code":"server_error"}\n\n'
        expect(refusal(wire + error)).toBe('error')
      }
    },
  )
})
