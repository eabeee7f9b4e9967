import type { SimulatedProvider } from '@harbor/simulator'
import { describe, expect, it } from 'vitest'
import { harborFetchFor, simulate } from './helpers/harbor-for.ts'
import { CHAT_ANSWER, sendJson, serve } from './helpers/http-server.ts'

describe('a request with numbers that JavaScript would round', () => {
  const ask = (
    provider: SimulatedProvider,
    fetch: typeof globalThis.fetch,
    body: string,
  ): Promise<Response> => fetch(`${provider.baseURL}/chat/completions`, { method: 'POST', body })
  const about = (tenant: string): string =>
    `{"model":"gpt-4","temperature":0,"tenant_id":${tenant},"messages":[{"role":"user","content":"Hi."}]}`

  it('shares its answer with the same text only, stored or in flight', async () => {
    const provider = await simulate()
    const fetch = harborFetchFor({ cache: { scope: 'app' } })
    const texts = ['7203685477580712345', '7203685477580712346', '7203685477580712345'].map(about)
    expect(JSON.parse(texts[0] ?? '')).toEqual(JSON.parse(texts[1] ?? ''))
    const fares = await Promise.all(texts.map(async (body) => (await ask(provider, fetch, body)).headers))
    expect(fares.map((headers) => headers.get('x-harbor-cache'))).toEqual(['miss', 'miss', 'shared'])
    expect((await ask(provider, fetch, about('7203685477580712347'))).headers.get('x-harbor-cache')).toBe(
      'miss',
    )
    expect((await ask(provider, fetch, texts[1] ?? '')).headers.get('x-harbor-cache')).toBe('hit')
    expect(provider.counts().calls).toBe(3)
  })

  it.each([
    ['1e400', '2e400'],
    ['-18446744073709551615', '-18446744073709551616'],
    ['0.70000000000000000001', '0.7'],
    ['[1,{"id":12345678901234567890}]', '[1,{"id":12345678901234567891}]'],
  ])('shares no answer between %s and %s', async (one, other) => {
    const provider = await simulate()
    const fetch = harborFetchFor({ cache: { scope: 'app' } })
    const cached = async (body: string) => (await ask(provider, fetch, body)).headers.get('x-harbor-cache')
    expect(await cached(about(one))).toBe('miss')
    expect(await cached(about(other))).toBe('miss')
    expect(await cached(about(one))).toBe('hit')
  })

  it('has them unchanged at a model that takes over', async () => {
    const models: string[] = []
    const bodies: string[] = []
    const { baseURL } = await serve(({ body }, response) => {
      const { model } = JSON.parse(body) as { model: string }
      models.push(model)
      bodies.push(body)
      if (model === 'spare') sendJson(response, CHAT_ANSWER)
      else sendJson(response, { error: { message: 'Overloaded' } }, 503)
    })
    const fetch = harborFetchFor({ fallback: { 'gpt-4': ['spare'] }, maxRetries: 0 })
    const body = about('12345678901234567890')
    const answer = await fetch(`${baseURL}/chat/completions`, { method: 'POST', body })
    expect(answer.status).toBe(200)
    expect(models).toEqual(['gpt-4', 'spare'])
    expect(bodies[1]).toBe(body.replace('gpt-4', 'spare'))
  })
})
