import fc from 'fast-check'
import { describe, expect, it, vi } from 'vitest'
import { IncomingBody } from './incoming-body.ts'

function body(idleMs = 0) {
  const source = { pause: vi.fn(), resume: vi.fn(), cancel: vi.fn() }
  const abandoned = vi.fn()
  return { body: new IncomingBody(source, idleMs, abandoned), source, abandoned }
}

describe('IncomingBody', () => {
  it('pauses the connection at 64 KiB of unread data, and resumes it at half of that', async () => {
    const { body: incoming, source } = body()
    for (let chunk = 0; chunk < 4; chunk++) incoming.push(new Uint8Array(16_384))
    expect(source.pause).toHaveBeenCalledTimes(1)
    await incoming.next()
    await incoming.next()
    expect(source.resume).not.toHaveBeenCalled()
    await incoming.next()
    expect(source.resume).toHaveBeenCalledTimes(1)
  })

  it('reports data that is not read, and not while a reader reads it', () => {
    vi.useFakeTimers()
    const { body: incoming, abandoned } = body(1_000)
    incoming.push(new Uint8Array(65_536))
    vi.advanceTimersByTime(999)
    void incoming.next()
    vi.advanceTimersByTime(5_000)
    expect(abandoned).not.toHaveBeenCalled()
    incoming.push(new Uint8Array(1))
    vi.advanceTimersByTime(999)
    expect(abandoned).not.toHaveBeenCalled()
    vi.advanceTimersByTime(1)
    expect(abandoned).toHaveBeenCalledTimes(1)
    incoming.fail(new Error('abandoned'))
    expect(vi.getTimerCount()).toBe(0)
    vi.useRealTimers()
  })

  it('is not abandoned by a slow reader, or while all of it is awaited, but by one that stops', () => {
    vi.useFakeTimers()
    const { body: incoming, abandoned } = body(1_000)
    for (let chunk = 0; chunk < 10; chunk++) incoming.push(new Uint8Array(16_384))
    for (let chunk = 0; chunk < 5; chunk++) {
      vi.advanceTimersByTime(900)
      void incoming.next()
    }
    expect(abandoned).not.toHaveBeenCalled()
    vi.advanceTimersByTime(2_000)
    expect(abandoned).toHaveBeenCalledTimes(1)

    const { body: whole, abandoned: wholeAbandoned } = body(1_000)
    whole.push(new Uint8Array(1))
    void whole.readAll()
    whole.push(new Uint8Array(1))
    vi.advanceTimersByTime(5_000)
    expect(wholeAbandoned).not.toHaveBeenCalled()
    vi.useRealTimers()
  })

  it('returns every byte once and in order, for any sequence of pushes and reads', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.boolean(), { maxLength: 60 }), fc.boolean(), async (steps, whole) => {
        const { body: incoming } = body()
        const reads: Promise<IteratorResult<Uint8Array, undefined>>[] = []
        let pushed = 0
        for (const push of steps) {
          if (push) incoming.push(Uint8Array.of(pushed++))
          else reads.push(incoming.next())
        }
        if (!whole) while (reads.length < pushed) reads.push(incoming.next())
        const rest = whole ? incoming.readAll() : Promise.resolve([])
        incoming.end()
        const read = (await Promise.all(reads)).flatMap(({ value }) => (value ? [value[0]] : []))
        expect([...read, ...(await rest).map(([byte]) => byte)]).toEqual(
          Array.from({ length: pushed }, (_, byte) => byte),
        )
        expect(await incoming.next()).toEqual({ done: true, value: undefined })
      }),
    )
  })

  it('returns chunks that have arrived without a promise, and resumes the connection', async () => {
    const source = { pause: vi.fn(), resume: vi.fn(), cancel: vi.fn() }
    const body = new IncomingBody(source, 0, () => undefined)
    expect(body.take()).toBeUndefined()
    const half = new Uint8Array(32_768)
    body.push(half)
    body.push(new Uint8Array(32_768))
    expect(source.pause).toHaveBeenCalledTimes(1)
    expect(body.take()).toBe(half)
    expect(body.take()).toBeDefined()
    expect(source.resume).toHaveBeenCalledTimes(1)
    expect(body.take()).toBeUndefined()
    body.end()
    expect(body.take()).toBeUndefined()
    expect(await body.next()).toMatchObject({ done: true })
  })

  it('returns the chunks that arrived before a failure, and none after an abort', async () => {
    const failed = body().body
    failed.push(Uint8Array.of(1))
    failed.fail('lost')
    expect((await failed.next()).value).toEqual(Uint8Array.of(1))
    await expect(failed.next()).rejects.toBe('lost')
    await expect(failed.readAll()).rejects.toBe('lost')

    const aborted = body().body
    aborted.push(Uint8Array.of(1))
    aborted.abort('enough')
    await expect(aborted.next()).rejects.toBe('enough')
  })

  it('cancels its source once, and not after the end', async () => {
    const { body: open, source } = body()
    const pending = open.next()
    await Promise.all([open.return(), open.return()])
    expect(await pending).toEqual({ done: true, value: undefined })
    expect(source.cancel).toHaveBeenCalledTimes(1)

    const { body: ended, source: quiet } = body()
    ended.end()
    await ended.return()
    expect(quiet.cancel).not.toHaveBeenCalled()
  })
})
