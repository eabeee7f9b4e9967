import { consecutive } from '@harbor/breaker'
import { describe, expect, it, vi } from 'vitest'
import { perCall, receiptOf, type ProviderOptions } from '../src/index.ts'
import { failureOf, status } from './helpers/expect-failure.ts'
import { harborFor, HELLO, simulate } from './helpers/harbor-for.ts'
import { CHAT_ANSWER, sendJson, serve } from './helpers/http-server.ts'

interface Sent {
  readonly url: string
  readonly init: RequestInit
}

/** A `fetch` of an entry that sends everything to a local server, and what it was called with. */
async function ownFetch(
  answer: Parameters<typeof serve>[0] = (_, response) => sendJson(response, CHAT_ANSWER),
) {
  const server = await serve(answer)
  const sent: Sent[] = []
  const own: typeof globalThis.fetch = (input, init = {}) => {
    const url = new URL(input)
    sent.push({ url: url.href, init })
    return fetch(server.origin + url.pathname + url.search, init)
  }
  return { own, sent, server }
}

async function withEntry(entry: ProviderOptions) {
  const primary = await simulate()
  const harbor = harborFor(primary, {
    providers: { bedrock: { apiKey: null, ...entry } },
    fallback: ['bedrock/anthropic.claude'],
    maxRetries: 0,
  })
  primary.fail(status(501))
  return { primary, harbor }
}

describe('a fetch of a provider', () => {
  it('sends its requests, and no others', async () => {
    const { own, sent } = await ownFetch()
    const { primary, harbor } = await withEntry({ fetch: own })
    const answer = await harbor.chat.completions.create(HELLO)
    expect(receiptOf(answer)?.target).toBe('bedrock/anthropic.claude')
    expect(sent).toHaveLength(1)
    expect(primary.counts().calls).toBe(1)
    await harbor.chat.completions.create(HELLO)
    expect(sent).toHaveLength(1)
    expect(harbor.explain().providers['bedrock']?.ownFetch).toBe(true)
  })

  it('replaces an address, also for a kind that needs one, and prices are found by the name of the entry', async () => {
    const { own, sent } = await ownFetch((_, response) =>
      sendJson(response, { ...CHAT_ANSWER, usage: { prompt_tokens: 1000, completion_tokens: 10 } }),
    )
    const primary = await simulate()
    const harbor = harborFor(primary, {
      providers: {
        azure: { apiKey: 'k', kind: 'azure', fetch: own },
        deepseek: { apiKey: null, fetch: own },
      },
    })
    await harbor.chat.completions.create({ ...HELLO, model: 'azure/main' })
    expect(sent[0]?.url).toMatch(/^https:\/\/provider\.invalid\/openai\/deployments\/main\//)
    const answer = await harbor.chat.completions.create({ ...HELLO, model: 'deepseek/deepseek-chat' })
    await expect.poll(() => receiptOf(answer)?.cost).toMatchObject({ price: 'list', listedBy: 'entry-name' })
  })

  it('keeps two entries apart whose requests are otherwise the same', async () => {
    const [down, up] = [await ownFetch((_, response) => sendJson(response, {}, 501)), await ownFetch()]
    const primary = await simulate()
    const harbor = harborFor(primary, {
      providers: { one: { apiKey: null, fetch: down.own }, two: { apiKey: null, fetch: up.own } },
      fallback: { 'one/m': ['two/m'] },
      maxRetries: 0,
    })
    const answer = await harbor.chat.completions.create({ ...HELLO, model: 'one/m' })
    expect(receiptOf(answer)?.target).toBe('two/m')
  })

  it('sends the health checks of its provider', async () => {
    const { own, sent } = await ownFetch(({ method }, response) => {
      if (method === 'GET') sendJson(response, { data: [] })
      else sendJson(response, { error: { message: 'Down.' } }, 503)
    })
    const primary = await simulate()
    const harbor = harborFor(primary, {
      providers: { bedrock: { apiKey: null, fetch: own } },
      breaker: { trip: consecutive(1) },
      health: { checkIntervalMs: 20 },
      maxRetries: 0,
    })
    await failureOf(harbor.chat.completions.create({ ...HELLO, model: 'bedrock/m' }))
    await expect
      .poll(() => sent.filter(({ init }) => (init.method ?? 'GET') === 'GET').length)
      .toBeGreaterThan(0)
    expect(primary.counts().calls).toBe(0)
  })

  it('is not followed to another origin with secrets, and refuses a redirect that loses the body', async () => {
    const { own, sent } = await ownFetch(({ path }, response) => {
      if (path.startsWith('/v1')) response.writeHead(307, { location: 'https://other.example/moved' }).end()
      else sendJson(response, CHAT_ANSWER)
    })
    const { harbor } = await withEntry({ apiKey: 'secret-key', fetch: own, headers: { 'x-own': 'secret' } })
    await harbor.chat.completions.create(HELLO)
    expect(sent.map(({ url }) => new URL(url).host)).toEqual(['api.openai.com', 'other.example'])
    expect(JSON.stringify([...new Headers(sent[1]?.init.headers)])).not.toContain('secret')
    expect(sent.every(({ init }) => init.redirect === 'manual')).toBe(true)
  })

  it('fails as a target, like any timeout, when it gives up with an AbortError that no caller caused', async () => {
    const own: typeof globalThis.fetch = () =>
      Promise.reject(new DOMException('This operation was aborted.', 'AbortError'))
    const primary = await simulate()
    const harbor = harborFor(primary, {
      providers: { bedrock: { apiKey: null, fetch: own } },
      fallback: { 'bedrock/m': ['gpt-4'] },
      breaker: { trip: consecutive(1) },
      maxRetries: 0,
    })
    const answer = await harbor.chat.completions.create({ ...HELLO, model: 'bedrock/m' })
    expect(receiptOf(answer)).toMatchObject({
      target: 'openai/gpt-4',
      attempts: [{ failure: { kind: 'timeout', ambiguous: true } }, { status: 200 }],
    })
    expect(harbor.stats().targets['bedrock/m']?.state).toBe('open')
  })

  it('is aborted by the clock of an attempt, and with the call', async () => {
    const aborted: unknown[] = []
    let sent = (): void => undefined
    const own: typeof globalThis.fetch = (_url, init) =>
      new Promise((_resolve, reject) => {
        init?.signal?.addEventListener('abort', () => {
          aborted.push(init.signal?.reason)
          reject(init.signal?.reason as Error)
        })
        sent()
      })
    const primary = await simulate()
    const harbor = harborFor(primary, {
      providers: { bedrock: { apiKey: null, fetch: own } },
      timeouts: { attemptMs: 50 },
      maxRetries: 0,
    })
    const request = { ...HELLO, model: 'bedrock/m' }
    await failureOf(harbor.chat.completions.create(request))
    expect(aborted).toHaveLength(1)
    const controller = new AbortController()
    const isSent = new Promise<void>((resolve) => (sent = resolve))
    const call = failureOf(harbor.chat.completions.create(request, { signal: controller.signal }))
    await isSent
    controller.abort(new Error('enough'))
    await call
    expect(aborted).toHaveLength(2)
  })
})

describe('the fetch of a provider that cannot express a request', () => {
  it('is followed by the next target, with no retry, and the request is not billed', async () => {
    const refusal = (code: string): typeof globalThis.fetch =>
      vi.fn(() =>
        Promise.resolve(
          Response.json(
            {
              error: {
                message: 'The model cannot be called with n > 1.',
                type: 'invalid_request_error',
                code,
              },
            },
            { status: 400 },
          ),
        ),
      )
    const backup = await simulate()
    for (const [code, possiblyBilled] of [
      ['unsupported_by_model', 0],
      ['ignored_by_model', 1],
    ] as const) {
      const fetch = refusal(code)
      const harbor = harborFor(backup, {
        providers: { bedrock: { apiKey: null, fetch } },
      })
      const { data, receipt } = await harbor.chat.completions
        .create({ ...HELLO, model: 'bedrock/claude' }, perCall({ fallback: ['gpt-4o-mini'] }))
        .then((answer) => ({ data: answer, receipt: receiptOf(answer) }))
      expect(data.choices[0]?.message.content).toBeTruthy()
      expect(fetch).toHaveBeenCalledOnce()
      expect(receipt?.attempts.map(({ failure }) => failure?.code)).toEqual([code, undefined])
      expect(receipt?.possiblyBilled).toBe(possiblyBilled)
      await harbor.chat.completions.create(HELLO)
    }
  })

  it('gives the caller its refusal only if no other target failed in another way', async () => {
    const primary = await simulate()
    const refused = () =>
      Promise.resolve(
        Response.json({ error: { message: 'No n > 1.', code: 'unsupported_by_model' } }, { status: 400 }),
      )
    const harbor = harborFor(primary, {
      providers: { bedrock: { apiKey: null, fetch: refused } },
      fallback: ['bedrock/claude'],
      maxRetries: 0,
    })
    primary.fail(status(501))
    expect(await failureOf(harbor.chat.completions.create(HELLO))).toMatchObject({ status: 501 })
    const alone = harbor.chat.completions.create(
      { ...HELLO, model: 'bedrock/claude' },
      perCall({ fallback: [] }),
    )
    expect(await failureOf(alone)).toMatchObject({ status: 400, code: 'unsupported_by_model' })
  })
})

describe('the header x-harbor-dropped', () => {
  const headers = { 'x-harbor-dropped': `seed, image_url.detail, ${'x'.repeat(99)}, <b>` }
  const answering = () => Promise.resolve(Response.json(CHAT_ANSWER, { headers }))

  it('adds its names to the adaptations of the attempt, if the provider has a fetch of its own', async () => {
    const { primary, harbor } = await withEntry({ fetch: answering })
    const answer = await harbor.chat.completions.create(HELLO)
    expect(receiptOf(answer)?.attempts.at(-1)?.adaptations).toEqual([
      'dropped seed',
      'dropped image_url.detail',
    ])
    expect(primary.counts().calls).toBe(1)
  })

  it('is ignored in the answers of other providers', async () => {
    const { server } = await ownFetch((_, response) => {
      response.setHeader('x-harbor-dropped', 'seed')
      sendJson(response, CHAT_ANSWER)
    })
    const { harbor } = await withEntry({ baseURL: server.origin })
    const answer = await harbor.chat.completions.create(HELLO)
    expect(receiptOf(answer)?.attempts.at(-1)?.adaptations).toEqual([])
  })
})
