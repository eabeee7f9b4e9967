import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { createSemanticCache, type SemanticCache } from '../../src/semantic/index.ts'
import { hardPairs, paraphrases, readVectors, vectorLines } from './pairs.ts'

describe('the committed vectors', () => {
  it('are what the embedder of the tests makes of the texts', () => {
    expect(readFileSync(join(import.meta.dirname, 'vectors.txt'), 'utf8')).toBe(vectorLines())
  })
})

describe('a semantic cache with the committed vectors', () => {
  const vectors = readVectors()
  const embed = (text: string): Int8Array => vectors.get(text) ?? new Int8Array(64).fill(1)

  async function served(
    cache: SemanticCache<string>,
    pairs: readonly { readonly texts: readonly [string, string] }[],
  ): Promise<number> {
    let hits = 0
    for (const [
      at,
      {
        texts: [stored, asked],
      },
    ] of pairs.entries()) {
      await cache.store({ partition: String(at), text: stored, value: 'answer' })
      const { status } = await cache.lookup({ partition: String(at), text: asked })
      if (status === 'hit') hits++
    }
    return hits
  }

  const cacheFor = (embedder: (text: string) => ArrayLike<number>, threshold: number) =>
    createSemanticCache<string>({ embed: embedder, shadow: false, judge: () => true, threshold })

  it('serves no hard pair, however similar its vectors are', async () => {
    const cache = cacheFor(embed, 0.7)
    expect(await served(cache, hardPairs)).toBe(0)
    const { near, refused } = cache.report()
    // The embedder finds most of them similar, so that it was the guard that refused them.
    expect(near).toBeGreaterThan(150)
    expect(Object.values(refused).reduce((sum, count) => sum + count, 0)).toBe(near)
  })

  it('serves no hard pair when each cosine is 0.99', async () => {
    const cache = cacheFor(alternating(0.99), 0.95)
    expect(await served(cache, hardPairs)).toBe(0)
    expect(cache.report().near).toBe(hardPairs.length)
  })

  it('serves the paraphrases that the guard lets pass when each cosine is 0.99', async () => {
    const cache = cacheFor(alternating(0.99), 0.95)
    expect(await served(cache, paraphrases)).toBe(paraphrases.filter(({ passes }) => passes).length)
  })
})

/** An embedder whose calls alternate between two vectors with this cosine: the stored text, and the one that is looked up. */
function alternating(cosine: number): () => number[] {
  let calls = 0
  return () => (calls++ % 2 === 0 ? [1, 0] : [cosine, Math.sqrt(1 - cosine ** 2)])
}
