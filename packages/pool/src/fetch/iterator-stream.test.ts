import { describe, expect, it, vi } from 'vitest'
import { IteratorStream } from './iterator-stream.ts'

/** A source of numbers, which the test pushes. */
function manual() {
  const waiting: PromiseWithResolvers<IteratorResult<Uint8Array, undefined>>[] = []
  const returned = vi.fn(async () => ({ done: true as const, value: undefined }))
  const next = (): Promise<IteratorResult<Uint8Array, undefined>> => {
    const pending = Promise.withResolvers<IteratorResult<Uint8Array, undefined>>()
    waiting.push(pending)
    return pending.promise
  }
  return {
    stream: new IteratorStream({ next, return: returned }) as ReadableStream<Uint8Array>,
    give: (byte: number) => waiting.shift()?.resolve({ done: false, value: Uint8Array.of(byte) }),
    end: () => waiting.shift()?.resolve({ done: true, value: undefined }),
    fail: (error: Error) => waiting.shift()?.reject(error),
    returned,
  }
}

describe('IteratorStream', () => {
  it('is a ReadableStream that is locked by its reader and released afterwards', async () => {
    const { stream, give } = manual()
    expect(stream).toBeInstanceOf(ReadableStream)
    const reader = stream.getReader()
    expect(stream.locked).toBe(true)
    expect(() => stream.getReader()).toThrow(TypeError)
    const reading = reader.read()
    give(1)
    expect(await reading).toEqual({ done: false, value: Uint8Array.of(1) })
    reader.releaseLock()
    expect(stream.locked).toBe(false)
    await expect(reader.read()).rejects.toThrow(TypeError)
  })

  it('resolves concurrent reads in order, and reads after the end with the end', async () => {
    const { stream, give, end } = manual()
    const reader = stream.getReader()
    const reads = [reader.read(), reader.read(), reader.read()]
    give(1)
    give(2)
    end()
    expect((await Promise.all(reads)).map(({ done }) => done)).toEqual([false, false, true])
    expect(await reader.read()).toEqual({ done: true, value: undefined })
    await expect(reader.closed).resolves.toBeUndefined()
  })

  it('keeps a chunk for the next reader if its reader was released before it arrived', async () => {
    const { stream, give } = manual()
    const first = stream.getReader()
    const lost = first.read()
    first.releaseLock()
    const second = stream.getReader()
    const found = second.read()
    give(1)
    await expect(lost).rejects.toThrow(TypeError)
    expect((await found).value).toEqual(Uint8Array.of(1))
  })

  it('continues natively where a reader stopped, and with a reader where a pipe stopped', async () => {
    const { stream, give } = manual()
    const reader = stream.getReader()
    const reading = reader.read()
    give(1)
    await reading
    reader.releaseLock()
    const stop = new AbortController()
    const piped: number[] = []
    const sink = new WritableStream<Uint8Array>({ write: (chunk) => void piped.push(chunk[0] ?? 0) })
    const piping = stream.pipeTo(sink, { preventCancel: true, signal: stop.signal })
    await vi.waitFor(() => {
      give(2)
      expect(piped).toEqual([2])
    }, 100_000)
    stop.abort(new Error('stop'))
    await expect(piping).rejects.toThrow('stop')
    const rest = stream.getReader().read()
    give(3)
    expect((await rest).value).toEqual(Uint8Array.of(3))
  })

  it('is errored for all readers when its source fails', async () => {
    const { stream, fail } = manual()
    const reader = stream.getReader()
    const reading = reader.read()
    fail(new Error('lost'))
    await expect(reading).rejects.toThrow('lost')
    await expect(reader.closed).rejects.toThrow('lost')
    await expect(reader.read()).rejects.toThrow('lost')
  })

  it('can be left with preventCancel, without being cancelled', async () => {
    const { stream, give, returned } = manual()
    const values = stream.values({ preventCancel: true })
    const reading = values.next()
    give(1)
    await reading
    await values.return?.()
    expect(returned).not.toHaveBeenCalled()
    expect(stream.locked).toBe(false)
  })

  it('has no byte reader', () => {
    expect(() => manual().stream.getReader({ mode: 'byob' })).toThrow(TypeError)
  })
})
