import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { harborFor } from './helpers/harbor-for.ts'
import { hello, keyOf, serveByKey, type KeyAnswer } from './helpers/key-server.ts'

const KEYS = ['key-a', 'key-b', 'key-c']
const ANSWERS: readonly KeyAnswer[] = [
  200,
  { status: 429, headers: { 'retry-after': '600' } },
  401,
  { status: 429, code: 'insufficient_quota' },
]

describe('any sequence of answers by key', () => {
  const answer = fc.constantFrom(0, 0, 0, 1, 2, 3)
  const step = fc.record({
    answers: fc.tuple(answer, answer, answer),
    session: fc.constantFrom(undefined, 'one', 'two'),
  })

  it.each([true, false])(
    'uses no key in cooldown while another is free, and keeps the key of a session (own provider: %s)',
    async (own) => {
      const server = await serveByKey()
      await fc.assert(
        fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 10 }), async (steps) => {
          const provider = { apiKey: KEYS, baseURL: server.baseURL }
          const harbor = harborFor(
            server,
            own ? { apiKey: undefined, providers: { openai: provider } } : { providers: { pool: provider } },
          )
          const resting = new Set<string>()
          const keyOfSession = new Map<string, string>()
          for (const { answers, session } of steps) {
            for (const [index, key] of KEYS.entries())
              server.answers[key] = ANSWERS[answers[index] ?? 0] ?? 200
            const before = server.keys().length
            const more = session === undefined ? {} : { prompt_cache_key: session }
            await harbor.chat.completions
              .create(hello(own ? 'gpt-4' : 'pool/gpt-4', more))
              .catch(() => undefined)
            const used = server.keys().slice(before)
            const kept = session === undefined ? undefined : keyOfSession.get(session)
            if (kept !== undefined && !resting.has(kept)) expect(used[0]).toBe(kept)
            for (const key of used) {
              if (resting.size < KEYS.length) expect(resting).not.toContain(key)
              if (server.answers[key] !== 200) resting.add(key)
              else if (session !== undefined) keyOfSession.set(session, key)
            }
            expect(used.length).toBeLessThanOrEqual(3)
          }
        }),
        { numRuns: 30 },
      )
    },
  )
})

describe('any mix of entries', () => {
  it('signs no request with a key of another entry', async () => {
    const servers = await Promise.all([serveByKey(), serveByKey(), serveByKey()])
    const [own, other, azure] = servers
    const keys = [
      ['own-1', 'own-2'],
      ['other-1', 'other-2', 'other-3'],
      ['azure-1', 'azure-2'],
    ]
    const status = fc.constantFrom<KeyAnswer>(200, 401, 503, {
      status: 429,
      headers: { 'retry-after': '99' },
    })
    const calls = fc.array(
      fc.record({
        model: fc.constantFrom('gpt-4', 'other/gpt-4', 'azure/gpt-4'),
        statuses: fc.array(status, { minLength: 7, maxLength: 7 }),
      }),
      { minLength: 1, maxLength: 6 },
    )
    await fc.assert(
      fc.asyncProperty(calls, async (all) => {
        const [first = [], second = [], third = []] = keys
        const harbor = harborFor(own, {
          apiKey: undefined,
          providers: {
            openai: { apiKey: first },
            other: {
              apiKey: [second[0] ?? '', () => Promise.resolve('other-2'), second[2] ?? ''],
              baseURL: other.baseURL,
            },
            azure: { kind: 'azure', apiKey: third, baseURL: azure.origin },
          },
          fallback: { '*': ['other/gpt-4', 'azure/gpt-4'] },
          retry: { baseDelayMs: 0.1, maxDelayMs: 0.1 },
          breaker: false,
        })
        for (const { model, statuses } of all) {
          for (const [place, key] of keys.flat().entries())
            for (const server of servers) server.answers[key] = statuses[place] ?? 200
          await harbor.chat.completions.create(hello(model)).catch(() => undefined)
        }
      }),
      { numRuns: 15 },
    )
    for (const [place, server] of servers.entries()) {
      expect(server.requests.length).toBeGreaterThan(5)
      for (const request of server.requests) {
        expect(keys[place]).toContain(keyOf(request))
        expect(request.headers.authorization !== undefined && request.headers['api-key'] !== undefined).toBe(
          false,
        )
      }
    }
  })
})
