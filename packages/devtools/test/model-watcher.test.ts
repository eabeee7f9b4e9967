import { createFallbackModel } from '@harbor/ai-sdk'
import { describe, expect, it, onTestFinished } from 'vitest'
import { openDevtools, watchModels } from '../src/index.ts'
import { Feed } from '../src/feed/feed.ts'
import { PLANTED_PROMPT, question, useClients } from './page.ts'

type Model = Parameters<typeof createFallbackModel>[0]['models'][number]
type Options = Parameters<ReturnType<typeof createFallbackModel>['doGenerate']>[0]

const ANSWER = {
  content: [{ type: 'text' as const, text: 'hello' }],
  finishReason: { unified: 'stop' as const, raw: 'stop' },
  usage: {
    inputTokens: { total: 5, noCache: 5, cacheRead: 0, cacheWrite: 0 },
    outputTokens: { total: 2, text: 2, reasoning: 0 },
  },
  warnings: [],
}
const ASK: Options = { prompt: [{ role: 'user', content: [{ type: 'text', text: PLANTED_PROMPT }] }] }

/** A model that answers, or fails. */
function model(modelId: string, fails = false): Model {
  return {
    specificationVersion: 'v4',
    provider: 'mock',
    modelId,
    supportedUrls: {},
    doGenerate: () => (fails ? Promise.reject(new Error('down')) : Promise.resolve(ANSWER)),
    doStream: () => Promise.reject(new Error('not used here')),
  }
}

/** A fallback model of these, watched. It is closed when the test is over. */
function fallbackOf(watcher: ReturnType<typeof watchModels>, ...models: Model[]) {
  const fallback = createFallbackModel({
    models,
    telemetry: watcher,
    breaker: { openForMs: 60_000 },
    retry: false,
  })
  onTestFinished(() => fallback.close())
  return fallback
}

const feedOf = (...clients: ConstructorParameters<typeof Feed>[0]): Feed => {
  const feed = new Feed(clients, 'test')
  onTestFinished(() => feed.close())
  return feed
}

describe('watchModels()', () => {
  const { client, open } = useClients()

  it('shows the calls of fallback models as those of a client: attempts, target, tokens and outcome', async () => {
    const watcher = watchModels()
    const feed = feedOf(watcher)
    const fallback = fallbackOf(watcher, model('one', true), model('two'))
    await fallback.doGenerate(ASK)
    const { message } = feed.messageSince(0)
    // As the page gets it.
    const [row] = (JSON.parse(JSON.stringify(message)) as typeof message).ended
    expect(row?.receipt).toMatchObject({
      operation: 'chat',
      outcome: 'success',
      target: 'mock/two',
      labels: {},
      durationMs: expect.any(Number) as number,
      usage: { inputTokens: 5, outputTokens: 2 },
      attempts: [
        { target: 'mock/one', reason: 'first', failure: { phase: 'sent' } },
        { target: 'mock/two', reason: 'fallback' },
      ],
      skipped: [],
    })
    expect(JSON.stringify(message)).not.toContain(PLANTED_PROMPT)
    expect(message.clients[0]?.snapshot).toMatchObject({
      calls: 1,
      attempts: 2,
      availability: 1,
      closed: false,
    })
  })

  it('shows a call while it is in flight, and failed and aborted ones', async () => {
    const watcher = watchModels()
    const feed = feedOf(watcher)
    const hanging: Model = { ...model('slow'), doGenerate: () => new Promise<never>(() => undefined) }
    const controller = new AbortController()
    const call = fallbackOf(watcher, hanging).doGenerate({ ...ASK, abortSignal: controller.signal })
    const pending = JSON.parse(JSON.stringify(feed.messageSince(0).message)) as {
      inFlight: { receipt: { outcome: string; attempts: unknown[] } }[]
    }
    expect(pending.inFlight).toMatchObject([{ receipt: { outcome: 'pending' } }])
    controller.abort()
    await expect(call).rejects.toThrow()
    await expect(fallbackOf(watcher, model('down', true)).doGenerate(ASK)).rejects.toThrow()
    const { message } = feed.messageSince(0)
    expect(message.inFlight).toEqual([])
    expect(message.ended.map(({ receipt }) => receipt.outcome)).toEqual(['aborted', 'failure'])
    feed.expireFacts()
    expect(feed.messageSince(0).message.clients[0]?.snapshot).toMatchObject({ calls: 2, availability: 0 })
  })

  it('shows the circuits of all models and their changes, until the models are closed', async () => {
    const watcher = watchModels()
    const feed = feedOf(watcher)
    const one = fallbackOf(watcher, model('one', true), model('two'))
    const other = fallbackOf(watcher, model('three'))
    await other.doGenerate(ASK)
    for (let calls = 0; calls < 3; calls++) await one.doGenerate(ASK)
    feed.expireFacts()
    const [facts] = feed.messageSince(0).message.clients
    expect(facts?.snapshot.targets.map(({ name, state, changes }) => [name, state, changes.length])).toEqual([
      ['mock/three', 'closed', 0],
      ['mock/one', 'open', 1],
      ['mock/two', 'closed', 0],
    ])
    one.close()
    other.close()
    expect(watcher.stats().closed).toBe(true)
  })

  it('has a page together with clients, each by its name', async () => {
    const harbor = client()
    const watcher = watchModels({ name: 'models' })
    const fallback = fallbackOf(watcher, model('one'))
    const page = await openDevtools([harbor, watcher])
    onTestFinished(() => page.close())
    await fallback.doGenerate(ASK)
    await harbor.chat.completions.create(question())
    const feed = feedOf(harbor, watcher)
    expect(feed.messageSince(0).message.clients.map(({ name }) => name)).toEqual([
      expect.stringMatching(/^1 127\.0\.0\.1:\d+$/),
      '2 models',
    ])
    expect(await (await fetch(page.url)).text()).toContain('<html')
    await open(harbor)
  })
})
