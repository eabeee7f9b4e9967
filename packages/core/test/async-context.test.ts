import { AsyncLocalStorage } from 'node:async_hooks'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { Harbor } from '../src/index.ts'
import { status } from './helpers/expect-failure.ts'
import { harborFor, simulate } from './helpers/harbor-for.ts'
import { sendJson, serve } from './helpers/http-server.ts'

const caller = new AsyncLocalStorage<string>()
const CALLERS = ['a', 'b', 'c', 'd', 'e', 'f']

/** A sent request: its caller according to its header, and the caller whose async context it was sent in. */
function watch(): { readonly asked: string; readonly context: string | undefined }[] {
  const left: { asked: string; context: string | undefined }[] = []
  for (const channel of ['undici:request:create', 'undici:client:sendHeaders']) {
    const note = (message: unknown): void => {
      const { headers } = (message as { request: { headers: string | string[] } }).request
      const asked = /x-caller(?:: |,)(\w+)/i.exec(String(headers))?.[1]
      if (asked !== undefined) left.push({ asked, context: caller.getStore() })
    }
    subscribe(channel, note)
    onTestFinished(() => void unsubscribe(channel, note))
  }
  return left
}

const ask = (harbor: Harbor, name: string, options: object = {}): Promise<unknown> =>
  caller.run(name, () =>
    harbor.chat.completions.create(
      { model: 'gpt-4', messages: [{ role: 'user', content: name }], ...options },
      { headers: { 'x-caller': name } },
    ),
  )

function expectOwn(left: ReturnType<typeof watch>, atLeast = CALLERS.length): void {
  expect(left.length).toBeGreaterThanOrEqual(2 * atLeast)
  expect(left.filter(({ asked, context }) => asked !== context)).toEqual([])
}

describe('the async context of a request', () => {
  it('is that of its call, one after the other and concurrently', async () => {
    const harbor = harborFor(await simulate(), { pool: { connections: 2 } })
    const left = watch()
    for (const name of CALLERS) await ask(harbor, name)
    await Promise.all(CALLERS.map((name) => ask(harbor, name)))
    expectOwn(left, 2 * CALLERS.length)
  })

  it('is that of its call for streams and Responses', async () => {
    const harbor = harborFor(await simulate(), { pool: { connections: 1 } })
    const left = watch()
    for (const name of CALLERS) {
      await caller.run(name, async () => {
        const headers = { 'x-caller': name }
        const stream = await harbor.chat.completions.create(
          { model: 'gpt-4', messages: [{ role: 'user', content: 'Hi' }], stream: true },
          { headers },
        )
        for await (const _chunk of stream);
        await harbor.responses.create({ model: 'gpt-4', input: 'Hi' }, { headers })
      })
    }
    expectOwn(left, 2 * CALLERS.length)
  })

  it('is that of its call after a backoff, and at another target', async () => {
    const [primary, spare] = [await simulate(), await simulate()]
    const harbor = harborFor(primary, {
      breaker: false,
      providers: { spare: { apiKey: 'key', baseURL: spare.baseURL } },
      fallback: ['spare/gpt-4'],
    })
    primary.fail(...CALLERS.flatMap(() => [status(503), status(503)]))
    const left = watch()
    await Promise.all(CALLERS.map((name) => ask(harbor, name)))
    expectOwn(left)
    expect(left.length).toBeGreaterThanOrEqual(4 * CALLERS.length)
  })

  it('is that of its call after a wait for a limit', async () => {
    const harbor = harborFor(await simulate(), { limits: { maxConcurrency: 1 } })
    const left = watch()
    await Promise.all(CALLERS.map((name) => ask(harbor, name)))
    expectOwn(left)
  })

  it('is that of its call for a hedge', async () => {
    const [primary, spare] = [await simulate(), await simulate()]
    primary.script({ latency: { mean: 60, sigma: 0 } })
    const left: (string | undefined)[] = []
    const harbor = harborFor(primary, {
      providers: { spare: { apiKey: 'key', baseURL: spare.baseURL } },
      fallback: ['spare/gpt-4'],
      hedge: { afterMs: 5, maxExtraRatio: 1 },
      fetch: (url, init) => {
        left.push(caller.getStore())
        return fetch(url, init)
      },
    })
    for (const name of CALLERS) await ask(harbor, name)
    // A hedge that lost before it arrived was sent all the same.
    expect(left.length).toBeGreaterThanOrEqual(CALLERS.length + spare.counts().calls)
    expect(spare.counts().calls).toBeGreaterThan(0)
    expect(left.map(String).toSorted().join('')).toMatch(/^a+b+c+d+e+f+$/)
  })

  it('is that of the caller that started a coalesced call', async () => {
    const left: (string | undefined)[] = []
    const harbor = harborFor(await simulate(), {
      cache: { when: 'always' },
      fetch: (url, init) => {
        left.push(caller.getStore())
        return fetch(url, init)
      },
    })
    const same = (name: string, content: string): Promise<unknown> =>
      caller.run(name, () =>
        harbor.chat.completions.create({ model: 'gpt-4', messages: [{ role: 'user', content }] }),
      )
    for (const [place, name] of CALLERS.entries()) {
      const others = CALLERS.filter((other) => other !== name)
      await Promise.all([name, ...others].map((each) => same(each, String(place))))
    }
    expect(left).toEqual(CALLERS)
  })

  it('is that of the first caller of an embedding batch', async () => {
    const left: (string | undefined)[] = []
    const harbor = harborFor(await simulate(), {
      embeddingBatch: { maxBatchSize: 3, maxWaitMs: 10 },
      fetch: (url, init) => {
        left.push(caller.getStore())
        return fetch(url, init)
      },
    })
    const embed = (name: string): Promise<unknown> =>
      caller.run(name, () => harbor.embeddings.create({ model: 'e', input: name, dimensions: 8 }))
    await Promise.all(CALLERS.map(embed))
    expect(left).toEqual(['a', 'd'])
    await Promise.all(['e', 'f'].map(embed))
    expect(left).toEqual(['a', 'd', 'e'])
  })

  it('is that of the code that started a bulk run', async () => {
    const left: (string | undefined)[] = []
    const harbor = harborFor(await simulate(), {
      fetch: (url, init) => {
        left.push(caller.getStore())
        return fetch(url, init)
      },
    })
    const requests = CALLERS.map((content) => ({
      body: { model: 'gpt-4', messages: [{ role: 'user' as const, content }] },
    }))
    await caller.run('bulk', () => harbor.bulk(requests, { concurrency: 2 }).summary)
    expect(left).toEqual(CALLERS.map(() => 'bulk'))
  })

  it('is that of its call after a redirect', async () => {
    const upstream = await serve(({ path }, response) => {
      if (path.includes('landed'))
        sendJson(response, { choices: [{ index: 0, finish_reason: 'stop', message: { content: 'x' } }] })
      else response.writeHead(307, { location: '/v1/landed' }).end()
    })
    const harbor = harborFor(upstream, { pool: { connections: 1 } })
    const left = watch()
    await Promise.all(CALLERS.map((name) => ask(harbor, name)))
    expectOwn(left, 2 * CALLERS.length)
  })
})
