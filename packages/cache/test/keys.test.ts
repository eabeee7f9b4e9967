import fc from 'fast-check'
import { describe, expect, it, vi } from 'vitest'
import { createCache, requestKey, UnkeyableRequestError } from '../src/index.ts'
import { nameIn, prefixOf } from '../src/keys/named-key.ts'

const context = { baseURL: 'https://api.openai.com/v1', scope: 'tenant' }
const request = { model: 'gpt-4', messages: [{ role: 'user', content: 'hi' }], temperature: 0 }

describe('a request key', () => {
  it('ignores the order of properties, and properties that are undefined', () => {
    const same = [
      { temperature: 0, messages: [{ content: 'hi', role: 'user' }], model: 'gpt-4' },
      { ...request, seed: undefined },
    ]
    expect(new Set([request, ...same].map((one) => requestKey(one, context))).size).toBe(1)
  })

  it('differs by model, base URL, scope, tool_choice, max_tokens, response_format, stream and stream_options', () => {
    const others = [
      requestKey(request, context),
      requestKey({ ...request, model: 'gpt-4o' }, context),
      requestKey(request, { ...context, baseURL: 'https://other.example/v1' }),
      requestKey(request, { ...context, scope: 'another' }),
      requestKey({ ...request, tool_choice: 'auto' }, context),
      requestKey({ ...request, max_tokens: 5 }, context),
      requestKey({ ...request, response_format: { type: 'json_object' } }, context),
      requestKey({ ...request, stream: true }, context),
      requestKey({ ...request, stream: true, stream_options: { include_usage: true } }, context),
    ]
    expect(new Set(others).size).toBe(others.length)
  })

  it('has a defined meaning for -0 and Date, and throws for NaN, bigint and cycles', () => {
    const keyOf = (value: unknown): string => requestKey({ ...request, value }, context)
    expect(keyOf(-0)).toBe(keyOf(0))
    expect(keyOf(new Date(0))).toBe(keyOf('1970-01-01T00:00:00.000Z'))
    const cyclic: Record<string, unknown> = {}
    cyclic['self'] = cyclic
    for (const [value, found] of [
      [NaN, 'NaN'],
      [1n, 'a bigint'],
      [cyclic, 'a cycle'],
    ] as const) {
      try {
        keyOf(value)
        expect.unreachable()
      } catch (error) {
        expect(UnkeyableRequestError.is(error) && error.found).toBe(found)
      }
    }
  })
})

describe('a scope', () => {
  it('separates keys, tags, prefetches and loads from those of other scopes', async () => {
    const cache = createCache<string>()
    await cache.set('key', 'none', { tags: ['tag'] })
    for (const scope of ['a', 'b', '/', 'a/']) {
      expect(await cache.get('key', { scope })).toBeUndefined()
      await cache.set('key', scope, { scope, tags: ['tag'] })
    }
    expect((await cache.get('key', { scope: 'a' }))?.value).toBe('a')
    expect(await cache.invalidateTag('tag', { scope: 'a' })).toBe(1)
    expect(await cache.delete('key', { scope: 'b' })).toBe(true)
    await cache.clear({ scope: '/' })
    const left = await Promise.all(
      ['a', 'b', '/', 'a/', undefined].map((scope) => cache.get('key', { scope })),
    )
    expect(left.map((found) => found?.value)).toEqual([undefined, undefined, undefined, 'a/', 'none'])

    const load = vi.fn(async () => 'ahead')
    await cache.prefetch([{ key: 'ahead', load, scope: 'a' }])
    expect(cache.has('ahead', { scope: 'a' })).toBe(true)
    expect(cache.has('ahead', { scope: 'b' })).toBe(false)
    // Scopes do not share a load, either.
    const loads = await Promise.all(
      ['a', 'b'].map((scope) => cache.load('new', async () => scope, { scope })),
    )
    expect(loads.map(({ status, value }) => [status, value])).toEqual([
      ['miss', 'a'],
      ['miss', 'b'],
    ])
    await expect(cache.get('key', { scope: '' })).rejects.toThrow(
      'scope must be a string that is not empty, got an empty string',
    )
  })

  it('gives every pair of scope and key its own name, with a prefix for each scope', () => {
    const spelling = fc.string({ unit: fc.constantFrom('@', '/', '%', '2', 'F', 'a', ':'), maxLength: 6 })
    const pair = fc.tuple(
      fc.option(
        fc.string({ unit: fc.constantFrom('@', '/', '%', '2', 'F', 'a'), minLength: 1, maxLength: 5 }),
        { nil: undefined },
      ),
      spelling,
    )
    fc.assert(
      fc.property(pair, pair, ([scope, key], [otherScope, otherKey]) => {
        const same = scope === otherScope && key === otherKey
        expect(nameIn(scope, key) === nameIn(otherScope, otherKey)).toBe(same)
        if (scope !== undefined) {
          expect(nameIn(otherScope, otherKey).startsWith(prefixOf(scope))).toBe(scope === otherScope)
        }
      }),
      { numRuns: 2_000 },
    )
  })
})
