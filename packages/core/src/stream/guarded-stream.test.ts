import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { StreamFaultError, TimeoutError } from '../base/errors.ts'
import { ChatDialect } from '../protocols/openai-chat/chat-dialect.ts'
import { GuardedStream } from './guarded-stream.ts'
import { HeldBytes } from '../wire/held-bytes.ts'

const chunk = (content: string, finish: string | null = null): string =>
  `data: ${JSON.stringify({ choices: [{ index: 0, delta: { content }, finish_reason: finish }] })}\n\n`
const ROLE = `data: ${JSON.stringify({ choices: [{ index: 0, delta: { role: 'assistant', content: '' } }] })}\n\n`
const MAX_BYTES = 64 * 1024 * 1024
const PING = ': ping\n\n'
const DONE = 'data: [DONE]\n\n'

/** A source to which the test writes chunks, as a server writes to a socket. */
function wire() {
  const waiting: ((result: IteratorResult<Uint8Array>) => void)[] = []
  const ready: IteratorResult<Uint8Array>[] = []
  let broken: Error | undefined
  let left = false
  const give = (result: IteratorResult<Uint8Array>): void => {
    const reader = waiting.shift()
    if (reader) reader(result)
    else ready.push(result)
  }
  return {
    send: (text: string) => give({ done: false, value: new TextEncoder().encode(text) }),
    end: () => give({ done: true, value: undefined }),
    cut: () => {
      broken = new Error('socket hang up')
    },
    get left() {
      return left
    },
    source: {
      next: async () => {
        const result = ready.shift()
        if (result) return result
        if (broken) throw broken
        return new Promise<IteratorResult<Uint8Array>>((resolve) => waiting.push(resolve))
      },
      return: async () => {
        left = true
        return { done: true as const, value: undefined }
      },
    },
  }
}

function guard(source: AsyncIterator<Uint8Array>, firstTokenMs = 1_000) {
  const released: Error[] = []
  const stream = new GuardedStream({
    source,
    dialect: new ChatDialect(),
    clock: { now: () => performance.now() },
    firstTokenMs,
    maxBytes: MAX_BYTES,
    held: new HeldBytes(256 * 1024 * 1024),
    release: (reason) => released.push(reason),
  })
  return { stream, released }
}

async function readAll(stream: GuardedStream): Promise<string> {
  let text = ''
  for await (const bytes of stream) text += new TextDecoder().decode(bytes)
  return text
}

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
})
afterEach(() => {
  expect(vi.getTimerCount()).toBe(0)
  vi.useRealTimers()
})

describe('GuardedStream', () => {
  it('passes a proven stream on byte for byte', async () => {
    const { source, send, end } = wire()
    const { stream, released } = guard(source)
    const sent = [PING, ROLE, chunk('Hel'), chunk('lo'), chunk('', 'stop'), DONE]
    sent.forEach(send)
    end()
    await stream.hold()
    stream.handOver(1_000)
    expect(await readAll(stream)).toBe(sent.join(''))
    expect(await stream.ended).toEqual({ outcome: 'success' })
    expect(released).toEqual([])
  })

  it('holds everything back until the first content', async () => {
    const { source, send, end } = wire()
    const { stream } = guard(source)
    let held = true
    const holding = stream.hold().then(() => (held = false))
    send(ROLE)
    send(PING)
    await vi.advanceTimersByTimeAsync(1)
    expect(held).toBe(true)
    send(chunk('a', 'stop'))
    await holding
    end()
    stream.handOver(1_000)
    expect(await readAll(stream)).toBe(ROLE + PING + chunk('a', 'stop'))
  })

  it('accepts an answer without content that proves its end', async () => {
    const { source, send, end } = wire()
    const { stream } = guard(source)
    send(ROLE)
    send(chunk('', 'stop'))
    end()
    await stream.hold()
    stream.handOver(1_000)
    expect(await readAll(stream)).toBe(ROLE + chunk('', 'stop'))
  })

  it('accepts a last event without its blank line', async () => {
    const { source, send, end } = wire()
    const { stream } = guard(source)
    send(chunk('a'))
    send(chunk('', 'stop').trimEnd())
    end()
    await stream.hold()
    stream.handOver(1_000)
    expect(await readAll(stream)).toContain('"finish_reason":"stop"')
    expect(await stream.ended).toEqual({ outcome: 'success' })
  })

  it.each([
    ['a cut before content', (w: ReturnType<typeof wire>) => w.cut(), 'stream_incomplete'],
    ['an end before content', (w: ReturnType<typeof wire>) => w.end(), 'stream_incomplete'],
    [
      'an event that is not JSON',
      (w: ReturnType<typeof wire>) => w.send('data: {"cho\n\n'),
      'stream_malformed',
    ],
    [
      'an error event',
      (w: ReturnType<typeof wire>) => w.send('event: error\ndata: {"code":"server_error"}\n\n'),
      'server_error',
    ],
    [
      'content and then an error in one packet',
      (w: ReturnType<typeof wire>) =>
        w.send(`${chunk('a')}data: {"error":{"message":"no","code":"boom"}}\n\n`),
      'boom',
    ],
    ['a [DONE] that nothing backs', (w: ReturnType<typeof wire>) => w.send(DONE), 'stream_incomplete'],
  ])('fails while it is held, with nothing given away: %s', async (_, happen, code) => {
    const w = wire()
    const { stream } = guard(w.source)
    w.send(ROLE)
    happen(w)
    await expect(stream.hold()).rejects.toMatchObject({ code })
    expect((await stream.ended).outcome).toBe('failure')
  })

  it.each([
    ['a cut', (w: ReturnType<typeof wire>) => w.cut(), 'stream_incomplete'],
    ['an end', (w: ReturnType<typeof wire>) => w.end(), 'stream_incomplete'],
    [
      'an end inside an event',
      (w: ReturnType<typeof wire>) => {
        w.send('data: {"choi')
        w.end()
      },
      'stream_incomplete',
    ],
    [
      'an event that is not JSON',
      (w: ReturnType<typeof wire>) => w.send('data: {"cho\n\n'),
      'stream_malformed',
    ],
    ['a [DONE] that nothing backs', (w: ReturnType<typeof wire>) => w.send(DONE), 'stream_incomplete'],
  ])('reports a fault after content in band, behind what had come: %s', async (_, happen, code) => {
    const w = wire()
    const { stream, released } = guard(w.source)
    w.send(chunk('Hello'))
    await stream.hold()
    stream.handOver(1_000)
    happen(w)
    const text = await readAll(stream)
    expect(text.startsWith(chunk('Hello'))).toBe(true)
    const reported = JSON.parse(text.slice(chunk('Hello').length).replace('data: ', '')) as {
      error: { code: string }
    }
    expect(reported.error.code).toBe(code)
    const end = await stream.ended
    expect(end.outcome).toBe('failure')
    expect(StreamFaultError.is(end.fault)).toBe(true)
    expect(released).toHaveLength(code === 'stream_incomplete' && _.startsWith('an end') ? 0 : 1)
  })

  it("passes the provider's own error on as it came, and nothing after it", async () => {
    const { source, send } = wire()
    const { stream, released } = guard(source)
    const error = 'data: {"error":{"message":"overloaded","code":"overloaded"}}\n\n'
    send(chunk('a'))
    await stream.hold()
    stream.handOver(1_000)
    send(chunk('b') + error + chunk('c'))
    expect(await readAll(stream)).toBe(chunk('a') + chunk('b') + error)
    expect(await stream.ended).toMatchObject({ outcome: 'failure', fault: { code: 'overloaded' } })
    expect(released).toHaveLength(1)
  })

  it('requires a finish_reason of every choice that was begun', async () => {
    const { source, send, end } = wire()
    const { stream } = guard(source)
    send(`data: {"choices":[{"index":0,"delta":{"content":"a"}},{"index":1,"delta":{"content":"b"}}]}\n\n`)
    send(chunk('', 'stop'))
    send(DONE)
    end()
    await stream.hold()
    stream.handOver(1_000)
    expect(await readAll(stream)).toContain('stream_incomplete')
  })

  it('fails when no content comes in time, whatever pings arrive', async () => {
    const { source, send } = wire()
    const { stream } = guard(source, 1_000)
    const held = expect(stream.hold()).rejects.toSatisfy((error) => TimeoutError.is(error))
    for (let second = 0; second < 3; second++) {
      send(PING)
      await vi.advanceTimersByTimeAsync(400)
    }
    await held
  })

  it('reports a stall in band, although pings go on', async () => {
    const { source, send } = wire()
    const { stream, released } = guard(source)
    send(chunk('a'))
    await stream.hold()
    stream.handOver(500)
    const reading = readAll(stream)
    for (let i = 0; i < 4; i++) {
      await vi.advanceTimersByTimeAsync(200)
      send(PING)
    }
    await vi.advanceTimersByTimeAsync(1)
    expect(await reading).toContain('stream_stalled')
    expect(released).toHaveLength(1)
  })

  it('never takes a slow reader for a stall', async () => {
    const { source, send, end } = wire()
    const { stream } = guard(source)
    send(chunk('a'))
    await stream.hold()
    stream.handOver(500)
    expect((await stream.next()).done).toBe(false)
    await vi.advanceTimersByTimeAsync(60_000)
    send(chunk('b', 'stop'))
    end()
    expect(await readAll(stream)).toBe(chunk('b', 'stop'))
  })

  it('gives what lies in the socket a chance when the event loop was blocked', async () => {
    const { source, send, end } = wire()
    const { stream } = guard(source)
    send(chunk('a'))
    await stream.hold()
    stream.handOver(500)
    await stream.next()
    const next = stream.next()
    const late = vi.spyOn(performance, 'now').mockReturnValue(performance.now() + 5_000)
    await vi.advanceTimersByTimeAsync(500) // the timer fires, 4.5 s late by its own clock
    send(chunk('b', 'stop'))
    expect((await next).done).toBe(false)
    late.mockRestore()
    end()
    await readAll(stream)
    expect(await stream.ended).toEqual({ outcome: 'success' })
  })

  it('reads the end behind [DONE], so that the connection can be used again', async () => {
    const { source, send, end } = wire()
    const { stream, released } = guard(source)
    send(chunk('a', 'stop') + DONE)
    await stream.hold()
    stream.handOver(1_000)
    await stream.next()
    const leaving = stream.return()
    end()
    await leaving
    expect(await stream.ended).toEqual({ outcome: 'success' })
    expect(released).toEqual([])
  })

  it('waits at most 250 ms for that end', async () => {
    const { source, send } = wire()
    const { stream, released } = guard(source)
    send(chunk('a', 'stop') + DONE)
    await stream.hold()
    stream.handOver(1_000)
    await stream.next()
    const leaving = stream.return()
    await vi.advanceTimersByTimeAsync(250)
    await leaving
    expect(await stream.ended).toEqual({ outcome: 'success' })
    expect(released).toHaveLength(1)
  })

  it('gives the connection up when its reader leaves before the end', async () => {
    const w = wire()
    const { stream, released } = guard(w.source)
    w.send(chunk('a'))
    await stream.hold()
    stream.handOver(1_000)
    await stream.next()
    await stream.return()
    expect(released).toHaveLength(1)
    expect(w.left).toBe(true)
    expect(await stream.ended).toEqual({ outcome: 'aborted' })
  })

  it("rejects a pending read with the caller's own reason", async () => {
    const { source, send } = wire()
    const { stream, released } = guard(source)
    send(chunk('a'))
    await stream.hold()
    stream.handOver(1_000)
    await stream.next()
    const next = stream.next()
    const reason = new Error('enough')
    stream.abort(reason)
    await expect(next).rejects.toBe(reason)
    expect(released).toEqual([reason])
  })

  it('gives the connection up when it is never read', async () => {
    const { source, send } = wire()
    const { stream, released } = guard(source)
    send(chunk('a'))
    await stream.hold()
    stream.handOver(1_000)
    await vi.advanceTimersByTimeAsync(300_000)
    expect(released).toHaveLength(1)
  })

  it('refuses an event that is larger than an answer may be, and says how large', async () => {
    const { source, send } = wire()
    const { stream } = guard(source)
    const megabyte = 'x'.repeat(1024 * 1024)
    for (let i = 0; i < 65; i++) send(i === 0 ? `data: ${megabyte}` : megabyte)
    await expect(stream.hold()).rejects.toMatchObject({
      code: 'malformed_answer',
      message: expect.stringMatching(/maxAnswerBytes/) as string,
    })
  })

  it('serves concurrent reads in order', async () => {
    const { source, send, end } = wire()
    const { stream } = guard(source)
    send(chunk('a'))
    await stream.hold()
    stream.handOver(1_000)
    const reads = [stream.next(), stream.next(), stream.next()]
    send(chunk('b', 'stop'))
    end()
    const results = await Promise.all(reads)
    expect(results.map(({ done }) => done)).toEqual([false, false, true])
  })
})
