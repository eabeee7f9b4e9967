import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { receipt } from '../../test/receipts.ts'
import type { DevtoolsClient } from '../client.ts'
import { Feed } from '../feed/feed.ts'
import { PageStream, type Sink } from './page-stream.ts'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

/** A feed whose client makes calls when it is asked to, and a connection that reads only when it is asked to. */
function slowPage(): {
  call(count: number): void
  messages: () => Message[]
  stream: PageStream
  sink: Sink
  feed: Feed
} {
  const listeners = new Map<string, (event: object) => void>()
  const figures = { rate: { inFlight: 0, waiting: 0, pausedForMs: 0, limits: {} }, concurrency: undefined }
  const client = {
    on: (event: string, listener: (event: object) => void) => {
      listeners.set(event, listener)
      return () => listeners.delete(event)
    },
    stats: () => ({ cost: {}, cache: {}, targets: {}, limits: { openai: figures } }),
  } as unknown as DevtoolsClient
  const feed = new Feed([client], 'test')
  const texts: string[] = []
  const sink = { write: vi.fn((text: string) => texts.push(text) === 0), end: vi.fn(), destroy: vi.fn() }
  let calls = 0
  return {
    call(count) {
      for (const end = calls + count; calls < end; calls++)
        listeners.get('end')?.({ receipt: receipt({ id: `call_${calls}` }) })
    },
    messages: () =>
      texts.splice(0).map((text) => JSON.parse(/^data: (.*)$/m.exec(text)?.[1] ?? '') as Message),
    stream: new PageStream(feed, sink, undefined),
    sink,
    feed,
  }
}

interface Message {
  readonly ended: readonly { readonly receipt: { readonly id: string } }[]
}

describe('a page that reads slowly', () => {
  it('has one message at a time buffered, and then gets what it missed: the last 1,000 calls, 200 at a time', () => {
    const { call, messages, stream } = slowPage()
    expect(messages()).toHaveLength(1)
    call(5_000)
    vi.advanceTimersByTime(20_000)
    expect(messages()).toEqual([])
    const ids: string[] = []
    for (let reads = 0; reads < 5; reads++) {
      stream.drained()
      vi.advanceTimersByTime(500)
      const [message, ...more] = messages()
      expect(more).toEqual([])
      ids.push(...(message?.ended.map((row) => row.receipt.id) ?? []))
    }
    expect(ids).toEqual(Array.from({ length: 1_000 }, (_, index) => `call_${4_000 + index}`))
  })

  it('is closed after 30 seconds', () => {
    const { sink, call, messages } = slowPage()
    vi.advanceTimersByTime(29_999)
    expect(sink.destroy).not.toHaveBeenCalled()
    vi.advanceTimersByTime(1)
    expect(sink.destroy).toHaveBeenCalledTimes(1)
    messages()
    call(10)
    vi.advanceTimersByTime(60_000)
    expect([messages(), vi.getTimerCount()]).toEqual([[], 0])
  })
})

describe('a page that connects again', () => {
  it('gets only what is new, unless the process was started again', () => {
    const { call, feed } = slowPage()
    call(10)
    const { version } = feed.messageSince(0)
    call(1)
    const connect = (id: string): number => {
      const write = vi.fn((_: string) => false)
      new PageStream(feed, { write, end: vi.fn(), destroy: vi.fn() }, id).close()
      return (JSON.parse(/^data: (.*)$/m.exec(write.mock.calls[0]?.[0] ?? '')?.[1] ?? '') as Message).ended
        .length
    }
    expect(connect(`${feed.instance}-${version}`)).toBe(1)
    expect(connect(`other-${version}`)).toBe(11)
    expect(connect('nonsense')).toBe(11)
  })
})
