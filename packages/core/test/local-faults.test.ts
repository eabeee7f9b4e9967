import { describe, expect, it } from 'vitest'
import { receiptOf } from '../src/index.ts'
import { harborFor, HELLO } from './helpers/harbor-for.ts'
import { sendJson, serve } from './helpers/http-server.ts'

const ANSWER = {
  object: 'chat.completion',
  choices: [{ index: 0, finish_reason: 'stop', message: { role: 'assistant', content: 'here' } }],
}
const CODES = ['EMFILE', 'ENFILE', 'ENOBUFS', 'ENOMEM', 'EADDRNOTAVAIL', 'EACCES', 'EPERM'] as const

/** A fetch that fails with this code while `isShort()`. */
function fetchShortOf(code: string, isShort: () => boolean): typeof globalThis.fetch {
  return async (input, init) => {
    if (!isShort()) return fetch(input, init)
    const cause = Object.assign(new Error(`connect ${code} 127.0.0.1:443`), { code, syscall: 'connect' })
    throw new TypeError('fetch failed', { cause })
  }
}

describe('a process that has no socket for a call', () => {
  it.each(CODES)('retries, and opens no circuit: %s', async (code) => {
    const upstream = await serve((_, response) => sendJson(response, ANSWER))
    const spare = await serve((_, response) => sendJson(response, ANSWER))
    let short = true
    const harbor = harborFor(upstream, {
      fetch: fetchShortOf(code, () => short),
      providers: { spare: { apiKey: 'key', baseURL: spare.baseURL } },
      fallback: ['spare/gpt-4'],
    })
    const failures = await Promise.all(
      Array.from({ length: 40 }, () =>
        harbor.chat.completions.create(HELLO).catch((error: unknown) => error),
      ),
    )
    expect(failures[0]).toMatchObject({ name: 'Error', cause: { cause: { code } } })
    expect(receiptOf(failures[0])?.attempts[0]?.failure).toMatchObject({
      kind: 'network',
      code,
      ambiguous: false,
    })
    expect(receiptOf(failures[0])).toMatchObject({ possiblyBilled: 0 })
    expect(receiptOf(failures[0])?.attempts.length).toBeGreaterThan(2)
    expect(Object.values(harbor.stats().targets).map(({ state }) => state)).toEqual(['closed', 'closed'])
    short = false
    const answer = await harbor.chat.completions.create(HELLO)
    expect(answer.choices[0]?.message.content).toBe('here')
    expect(upstream.requests).toHaveLength(1)
    expect(spare.requests).toHaveLength(0)
  })

  it('gets an answer when a later attempt finds one', async () => {
    const upstream = await serve((_, response) => sendJson(response, ANSWER))
    let calls = 0
    const harbor = harborFor(upstream, { fetch: fetchShortOf('EMFILE', () => ++calls <= 2) })
    expect((await harbor.chat.completions.create(HELLO)).choices[0]?.message.content).toBe('here')
  })

  it('still opens the circuit of a target that refuses connections', async () => {
    const upstream = await serve((_, response) => sendJson(response, ANSWER))
    const harbor = harborFor(
      { baseURL: 'http://unused/v1' },
      {
        fetch: fetchShortOf('ECONNREFUSED', () => true),
        providers: { spare: { apiKey: 'key', baseURL: upstream.baseURL } },
        fallback: ['spare/gpt-4'],
      },
    )
    for (let call = 0; call < 4; call++) await harbor.chat.completions.create(HELLO).catch(() => undefined)
    expect(harbor.stats().targets['openai/gpt-4']).toMatchObject({ state: 'open' })
  })
})
