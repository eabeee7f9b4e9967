import { describe, expect, it, vi } from 'vitest'
import {
  createSemanticCache,
  type SemanticCache,
  type SemanticCacheOptions,
} from '../../src/semantic/index.ts'
import { pass, withFakeTime } from '../harness.ts'

withFakeTime()

type Options = Partial<SemanticCacheOptions<string>>

/** Every text has nearly the same vector: what is not refused is a hit. */
const embed = (text: string): number[] => [1, 0.01 * (text.length % 3)]
const serving = (options: Options = {}): SemanticCache<string> =>
  createSemanticCache<string>({ embed, judge: () => true, shadow: false, ...options })

const STORED = { partition: 'p', text: 'How tall is the tower?', value: '330 m' }
const ASKED = { partition: 'p', text: 'What is the height of the tower?' }

describe('a semantic cache', () => {
  it('serves the answer that was stored for another form of the question', async () => {
    const cache = serving()
    expect(await cache.store(STORED)).toBe(true)
    await pass(5)
    const found = await cache.lookup(ASKED)
    expect(found).toMatchObject({ status: 'hit', value: '330 m' })
    expect(found.status === 'hit' && found.similarity).toBeGreaterThan(0.99)
    expect(found.status === 'hit' && found.ageMs).toBeGreaterThanOrEqual(5)
  })

  it('shares nothing between two partitions', async () => {
    const cache = serving()
    await cache.store(STORED)
    expect(await cache.lookup({ ...ASKED, partition: 'q' })).toEqual({ status: 'miss', reason: 'none-near' })
    expect(await cache.lookup({ ...STORED_TEXT, partition: 'q' })).toEqual({
      status: 'miss',
      reason: 'none-near',
    })
  })

  it('serves nothing by default, and does not show the answer', async () => {
    const cache = createSemanticCache<string>({ embed })
    await cache.store(STORED)
    const found = await cache.lookup(ASKED)
    expect(found.status).toBe('shadow-hit')
    expect(JSON.stringify(found)).not.toContain('330')
    expect(await cache.lookup(STORED_TEXT)).toMatchObject({ status: 'shadow-hit', similarity: 1 })
    expect(cache.report()).toMatchObject({ state: 'shadow', hits: 1, served: 0, identical: 1 })
  })

  it('misses when no stored text is similar enough, or when the guard refuses, and says which', async () => {
    const cache = serving({ embed: (text) => (/tower/i.test(text) ? [1, 0] : [0, 1]) })
    await cache.store(STORED)
    expect(await cache.lookup({ partition: 'p', text: 'Who are you?' })).toEqual({
      status: 'miss',
      reason: 'none-near',
    })
    expect(await cache.lookup({ partition: 'p', text: 'How tall is the Tower?' })).toEqual({
      status: 'miss',
      reason: 'guard:case',
    })
    expect(cache.report()).toMatchObject({ lookups: 2, near: 1, refused: { case: 1 }, hits: 0 })
  })

  it('compares at the threshold, and not below it', async () => {
    const at = (cosine: number) => {
      const vectors = [
        [1, 0],
        [cosine, Math.sqrt(1 - cosine ** 2)],
      ]
      return serving({ embed: () => vectors.shift() ?? [], threshold: 0.9 })
    }
    for (const [cosine, status] of [
      [0.91, 'hit'],
      [0.89, 'miss'],
    ] as const) {
      const cache = at(cosine)
      await cache.store(STORED)
      expect((await cache.lookup(ASKED)).status).toBe(status)
    }
  })

  it('finds the one entry that the guard lets pass among more similar ones that it refuses', async () => {
    const cache = serving({ embed: (text) => (text === STORED.text ? [1, 0.2] : [1, 0]) })
    for (const name of ['hall', 'wall', 'mall'])
      await cache.store({ partition: 'p', text: `How tall is the ${name}?`, value: name })
    await cache.store(STORED)
    expect(await cache.lookup(ASKED)).toMatchObject({ status: 'hit', value: '330 m' })
  })

  it('asks the guard of the user in addition, which cannot let anything pass', async () => {
    const own = vi.fn<(one: string, other: string) => string | undefined>(() => 'tense')
    const cache = serving({ guard: own })
    await cache.store(STORED)
    expect(await cache.lookup(ASKED)).toEqual({ status: 'miss', reason: 'guard:own:tense' })
    own.mockReturnValue(undefined)
    expect((await cache.lookup(ASKED)).status).toBe('hit')
    expect((await cache.lookup({ partition: 'p', text: 'How tall is the hall?' })).status).toBe('miss')
    expect(own).toHaveBeenCalledWith(ASKED.text, STORED.text)
  })

  it.each<[string, () => unknown, string]>([
    [
      'throws',
      () => {
        throw new Error('broken')
      },
      'guard:own',
    ],
    ['returns a sentence, which may be a part of a text', () => 'the tower is tall', 'guard:own'],
    ['returns no text', () => false, 'guard:own'],
  ])('takes a guard that %s for a refusal', async (_what, guard, reason) => {
    const cache = serving({ guard: guard as () => string })
    await cache.store(STORED)
    expect(await cache.lookup(ASKED)).toEqual({ status: 'miss', reason })
    expect(JSON.stringify(cache.report())).not.toContain('tower')
  })

  it('evicts the least recently used answer of all partitions', async () => {
    const cache = serving({ maxEntries: 3 })
    for (const name of ['a', 'b', 'c']) await cache.store({ ...STORED, partition: name })
    expect((await cache.lookup({ ...ASKED, partition: 'a' })).status).toBe('hit')
    await cache.store({ ...STORED, partition: 'd' })
    const statuses = []
    for (const name of ['a', 'b', 'c', 'd'])
      statuses.push((await cache.lookup({ ...ASKED, partition: name })).status)
    expect(statuses).toEqual(['hit', 'miss', 'hit', 'hit'])
    expect(cache.report()).toMatchObject({ entries: 3, partitions: 3 })
  })

  it('replaces the answer of the same text', async () => {
    const cache = serving()
    await cache.store(STORED)
    await cache.store({ ...STORED, value: '331 m' })
    expect(await cache.lookup(ASKED)).toMatchObject({ value: '331 m' })
    expect(cache.report().entries).toBe(1)
  })

  it('keeps the right vector for each answer while answers are removed', async () => {
    const axis = (text: string): number[] =>
      Array.from({ length: 40 }, (_, at) => (text.includes(` ${at}?`) ? 1 : 0))
    const cache = serving({ embed: axis, maxEntries: 20 })
    for (let at = 0; at < 40; at++) {
      await cache.store({ partition: 'p', text: `How tall is ${at}?`, value: String(at) })
      if (at % 3 === 0) cache.delete({ partition: 'p', text: `How tall is ${at}?` })
    }
    let hits = 0
    for (let at = 0; at < 40; at++) {
      const found = await cache.lookup({ partition: 'p', text: `What is the height of ${at}?` })
      if (found.status !== 'hit') continue
      hits++
      expect(found.value).toBe(String(at))
    }
    // 20 were left when the last one was stored, which was deleted at once.
    expect(hits).toBe(19)
  })

  it('serves no answer after its time to live, that of the cache or its own', async () => {
    const cache = serving({ ttlMs: 1_000 })
    await cache.store(STORED)
    await cache.store({ ...STORED, partition: 'q', ttlMs: 100 })
    await pass(99)
    expect((await cache.lookup({ ...ASKED, partition: 'q' })).status).toBe('hit')
    await pass(2)
    expect((await cache.lookup({ ...ASKED, partition: 'q' })).status).toBe('miss')
    await pass(898)
    expect((await cache.lookup(ASKED)).status).toBe('hit')
    await pass(2)
    expect((await cache.lookup(ASKED)).status).toBe('miss')
    expect((await cache.lookup(STORED_TEXT)).status).toBe('miss')
    expect(cache.report().entries).toBe(0)
  })

  it('deletes one answer, one partition, or all', async () => {
    const cache = serving()
    for (const name of ['a', 'b', 'c']) await cache.store({ ...STORED, partition: name })
    expect(cache.delete({ ...STORED_TEXT, partition: 'a' })).toBe(true)
    expect(cache.delete({ ...STORED_TEXT, partition: 'a' })).toBe(false)
    cache.clear('b')
    expect(cache.report()).toMatchObject({ entries: 1, partitions: 1 })
    cache.clear()
    expect(cache.report()).toMatchObject({ entries: 0, partitions: 0 })
    expect((await cache.lookup({ ...ASKED, partition: 'c' })).status).toBe('miss')
  })

  it('is a miss for a text that is empty or too long, without asking the embedder', async () => {
    const asked = vi.fn(embed)
    const cache = serving({ embed: asked, maxTextLength: 10 })
    expect(await cache.lookup({ partition: 'p', text: ' \n' })).toEqual({ status: 'miss', reason: 'empty' })
    expect(await cache.lookup({ partition: 'p', text: 'x'.repeat(11) })).toEqual({
      status: 'miss',
      reason: 'too-long',
    })
    expect(await cache.store({ partition: 'p', text: 'x'.repeat(11), value: '' })).toBe(false)
    expect(asked).not.toHaveBeenCalled()
  })

  it('serves and stores nothing after close(), and ends what is in flight', async () => {
    const hanging = Promise.withResolvers<number[]>()
    let aborted: unknown
    const cache = serving({
      embed: (_text, { signal }) => {
        signal.addEventListener('abort', () => void (aborted = signal.reason))
        return hanging.promise
      },
    })
    const waiting = cache.lookup(ASKED)
    cache.close()
    cache.close()
    expect(await waiting).toEqual({ status: 'miss', reason: 'embed-failed' })
    expect((aborted as Error).name).toBe('AbortError')
    expect(await cache.lookup(ASKED)).toEqual({ status: 'miss', reason: 'closed' })
    expect(await cache.store(STORED)).toBe(false)
  })

  it('contains no text in its report, its results and its errors', async () => {
    const errors: unknown[] = []
    const cache = serving({
      judge: () => {
        throw new TypeError('no')
      },
      onError: (error) => errors.push(error),
    })
    await cache.store({ ...STORED, text: 'How tall is Secretville?' })
    await cache.lookup({ partition: 'p', text: 'What is the height of Secretville?' })
    await cache.lookup({ partition: 'p', text: 'What is the age of Secretville?' })
    await cache.idle()
    expect(errors).toHaveLength(1)
    expect(JSON.stringify([cache.report(), errors.map(String)])).not.toContain('Secret')
  })

  it.each<[string, object, RegExp]>([
    ['no embedder', {}, /^embed must be a function, got undefined/],
    ['serving without a judge', { embed, shadow: false }, /^judge must be a function unless shadow is true/],
    [
      'proving without a judge',
      { embed, shadow: 'until-proved' },
      /^judge must be a function unless shadow is true/,
    ],
    ['an unknown shadow', { embed, shadow: 'yes' }, /^shadow must be true, false or 'until-proved'/],
    ['a rate of 0', { embed, maxErrorRate: 0 }, /^maxErrorRate must be a number above 0/],
    ['a share of 0', { embed, judgeShare: 0 }, /^judgeShare must be a number above 0/],
    ['a threshold above 1', { embed, threshold: 1.1 }, /^threshold must be a number from 0 to 1/],
    ['an unknown option', { embed, treshold: 0.9 }, /^unknown option treshold; did you mean threshold/],
  ])('refuses %s', (_what, options, message) => {
    expect(() => createSemanticCache(options as SemanticCacheOptions<string>)).toThrow(message)
  })

  it.each<[object, RegExp]>([
    [{ text: 'a' }, /^partition must be a string that is not empty/],
    [{ partition: '', text: 'a' }, /^partition must be/],
    [{ partition: 'p' }, /^text must be a string/],
    [{ partition: 'p', text: 'a', scope: 's' }, /^unknown option scope/],
  ])('refuses the question %j', async (question, message) => {
    await expect(serving().lookup(question as typeof ASKED)).rejects.toThrow(message)
    await expect(serving().store({ ...(question as typeof ASKED), value: '' })).rejects.toThrow(message)
  })
})

const STORED_TEXT = { partition: 'p', text: STORED.text }
