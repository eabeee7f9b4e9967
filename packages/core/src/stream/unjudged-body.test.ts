import { describe, expect, it } from 'vitest'
import { unjudgedBody } from './unjudged-body.ts'

const CHUNK = new Uint8Array([1, 2, 3])

/** A source that returns these chunks, and then ends, or calls `then`. */
function source(chunks: readonly Uint8Array[], then?: () => Promise<never>): AsyncIterator<Uint8Array> {
  const left = [...chunks]
  return {
    next: async () => {
      const value = left.shift()
      if (value) return { done: false, value }
      if (then) return then()
      return { done: true, value: undefined }
    },
  }
}

describe('unjudgedBody', () => {
  it('passes every chunk on and reports the end', async () => {
    const { chunks, ended } = unjudgedBody(source([CHUNK, CHUNK]), () => undefined)
    const read: Uint8Array[] = []
    for await (const chunk of chunks) read.push(chunk)
    expect(read).toEqual([CHUNK, CHUNK])
    expect(await ended).toEqual({ outcome: 'success' })
  })

  it('rejects the read that met a broken connection, and reports a failure', async () => {
    const broken = new Error('socket hang up')
    const { chunks, ended } = unjudgedBody(
      source([], () => Promise.reject(broken)),
      () => undefined,
    )
    await expect(chunks[Symbol.asyncIterator]().next()).rejects.toBe(broken)
    expect(await ended).toEqual({ outcome: 'failure' })
  })

  it('gives the request up when its reader leaves, also while a read is pending', async () => {
    const reasons: Error[] = []
    const { chunks, ended } = unjudgedBody(
      source([], () => new Promise(() => undefined)),
      (reason) => reasons.push(reason),
    )
    const reader = chunks[Symbol.asyncIterator]()
    void reader.next()
    await reader.return?.()
    expect(reasons).toHaveLength(1)
    expect(await ended).toEqual({ outcome: 'aborted' })
  })
})
