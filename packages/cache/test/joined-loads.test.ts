import { createCache, MemoryStore, type Cache, type Recorded } from '@harbor/cache'
import { describe, expect, it } from 'vitest'

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)

async function* source(): AsyncGenerator<Uint8Array> {
  yield bytes('Hello')
  await Promise.resolve()
  yield bytes('.')
}

async function textOf({ body }: Recorded<unknown>): Promise<string> {
  let text = ''
  for await (const chunk of body) text += new TextDecoder().decode(chunk)
  return text
}

describe('a load that another process makes', () => {
  const started = (): { cache: Cache<string>; far: MemoryStore } => {
    const far = new MemoryStore()
    return { cache: createCache<string>({ farTier: far }), far }
  }
  const has = async (far: MemoryStore): Promise<boolean> => (await far.get('harbor:key')) !== undefined

  it('has the status shared for each of its callers', async () => {
    const { cache } = started()
    const load = (): Promise<{ status: string; value: string }> =>
      cache.load('key', ({ joined }) => {
        joined(true)
        return 'Hello.'
      })
    const results = await Promise.all([load(), load()])
    expect(results.map(({ status }) => status)).toEqual(['shared', 'shared'])
    expect(cache.stats()).toMatchObject({ misses: 0, shared: 2, loads: 1, stored: 1 })
    expect(await load()).toMatchObject({ status: 'hit', value: 'Hello.' })
  })

  it('is cached in memory, and left to that process in the far tier that both have', async () => {
    const { cache, far } = started()
    const recorded = await cache.record('key', ({ joined }) => {
      joined(true)
      return { head: 'head', body: source() }
    })
    expect(recorded).toMatchObject({ status: 'shared', reason: 'in-flight', head: 'head' })
    expect(await textOf(recorded)).toBe('Hello.')
    expect(await recorded.stored).toBe(true)
    expect(cache.has('key')).toBe(true)
    await cache.close()
    expect(await has(far)).toBe(false)
  })

  it('is written to a far tier that the other process does not have', async () => {
    const { cache, far } = started()
    const recorded = await cache.record('key', ({ joined }) => {
      joined(false)
      return { head: 'head', body: source() }
    })
    expect(await textOf(recorded)).toBe('Hello.')
    await expect.poll(() => has(far)).toBe(true)
  })

  it('is not cached after an invalidation', async () => {
    const { cache } = started()
    const recorded = await cache.record('key', ({ joined }) => {
      joined(true)
      return { head: 'head', body: source() }
    })
    await cache.delete('key')
    expect(await textOf(recorded)).toBe('Hello.')
    expect(await recorded.stored).toBe('invalidated')
  })
})
