import { describe, expect, it, onTestFinished } from 'vitest'
import { createHarborFetch, Harbor, type HarborEvents, type HarborOptions } from '../src/index.ts'

type Told = Omit<HarborEvents['fallback'], 'receipt'>
type Answers = Record<string, () => Response>

const CALLED = { skipped: undefined }
const status =
  (code: number, error: object = { message: 'no' }) =>
  (): Response =>
    Response.json({ error }, { status: code, headers: { 'retry-after-ms': '1' } })
const fine = (): Response =>
  Response.json({
    choices: [{ index: 0, message: { role: 'assistant', content: 'hi' }, finish_reason: 'stop' }],
  })
const stream = (): Response =>
  new Response(
    `data: ${JSON.stringify({ choices: [{ index: 0, delta: { content: 'hi' }, finish_reason: 'stop' }] })}\n\ndata: [DONE]\n\n`,
    { headers: { 'content-type': 'text/event-stream' } },
  )

const hostOf = (url: string | URL | Request): string => new URL(new Request(url).url).hostname
const entry = (host: string) => ({ apiKey: 'key', baseURL: `https://${host}.test/v1` })
const MESSAGES = [{ role: 'user' as const, content: 'x' }]

/** A client of three scripted providers, and the events that it emits. */
function clientOf(answers: Answers, options: HarborOptions = {}) {
  const called: string[] = []
  const harbor = new Harbor({
    logLevel: 'off',
    retry: { baseDelayMs: 1 },
    providers: { openai: entry('a'), b: entry('b'), c: entry('c') },
    fallback: { m: ['b/m', 'c/m'] },
    health: false,
    ...options,
    fetch: async (url) => {
      const [host = ''] = hostOf(url).split('.')
      called.push(host)
      return answers[host]?.() ?? fine()
    },
  })
  onTestFinished(() => harbor.close())
  const events: Told[] = []
  harbor.on('fallback', ({ receipt: _, ...event }) => events.push(event))
  return {
    harbor,
    events,
    called,
    ask: (model = 'm') => harbor.chat.completions.create({ model, messages: MESSAGES }),
  }
}

describe('the fallback event', () => {
  it('names the target that is called next and the failure that led there, past targets that are skipped', async () => {
    const { events, called, ask } = clientOf({ a: status(500), b: status(404) })
    await ask()
    expect(events).toEqual([
      { from: 'openai/m', to: 'b/m', reason: 'server', ...CALLED },
      { from: 'b/m', to: 'c/m', reason: 'not-found', ...CALLED },
    ])
    events.length = 0
    called.length = 0
    await ask() // b is left out from now on: it does not have the model
    expect(called.at(-1)).toBe('c')
    expect(events).toEqual([{ from: 'openai/m', to: 'c/m', reason: 'server', ...CALLED }])
  })

  it('names what the target failed with, also when its circuit opened between two attempts', async () => {
    const { events, called, ask } = clientOf({ a: status(500) }, { fallback: { m: ['c/m'] } })
    for (let call = 0; call < 3; call++) await ask()
    expect(called.filter((host) => host === 'a').length).toBeLessThan(6)
    expect(events).toEqual(Array(3).fill({ from: 'openai/m', to: 'c/m', reason: 'server', ...CALLED }))
  })

  it('reports calls that begin at a fallback target, and why the first one was skipped', async () => {
    const { harbor, events, called, ask } = clientOf({ a: status(500) }, { fallback: { m: ['c/m'] } })
    for (let call = 0; call < 3; call++) await ask()
    events.length = 0
    called.length = 0
    const skipped = 'its circuit is open'
    await ask()
    expect([called, events]).toEqual([['c'], [{ from: 'openai/m', to: 'c/m', reason: 'refused', skipped }]])
    await harbor.withOptions({ timeout: 5_000 }).chat.completions.create({ model: 'm', messages: MESSAGES })
    expect(events).toHaveLength(2)
  })

  it('is not emitted for a call that its first target answers, nor for one that no other target takes over', async () => {
    const { events, ask } = clientOf({ a: fine })
    await ask()
    const failing = clientOf({ a: status(400) })
    await expect(failing.ask()).rejects.toThrow('400')
    expect([events, failing.events]).toEqual([[], []])
  })

  it('is not emitted for a target that is never called, since its own circuit is open', async () => {
    const { harbor, events, ask } = clientOf({ a: status(500), b: status(500) }, { maxRetries: 0 })
    const directly = () =>
      harbor.chat.completions.create({ model: 'b/m', messages: MESSAGES }).catch(() => undefined)
    for (let call = 0; call < 20; call++) await directly()
    events.length = 0
    await ask()
    expect(events).toEqual([{ from: 'openai/m', to: 'c/m', reason: 'server', ...CALLED }])
  })

  it('names the reason when another chain takes over: the length of the request, or its content', async () => {
    const tooLong = status(400, { code: 'context_length_exceeded', message: 'too long' })
    const long = clientOf({ a: tooLong }, { fallback: {}, contextWindowFallback: { m: ['c/m'] } })
    await long.ask()
    expect(long.events).toEqual([{ from: 'openai/m', to: 'c/m', reason: 'context-length', ...CALLED }])

    const blocked = status(400, { code: 'content_filter', message: 'blocked' })
    const rude = clientOf({ a: blocked }, { fallback: {}, contentPolicyFallback: { m: ['b/m'] } })
    await rude.ask()
    expect(rude.events).toEqual([{ from: 'openai/m', to: 'b/m', reason: 'content-filter', ...CALLED }])
  })

  it('is the same for streams and for createHarborFetch', async () => {
    const { harbor, events } = clientOf({ a: status(503), b: status(404), c: stream })
    const chunks = await harbor.chat.completions.create({ model: 'm', messages: MESSAGES, stream: true })
    for await (const _ of chunks);
    const fetch = createHarborFetch({
      logLevel: 'off',
      health: false,
      retry: { baseDelayMs: 1 },
      providers: { b: entry('b'), c: entry('c') },
      fallback: { m: ['b/m', 'c/m'] },
      fetch: async (url) =>
        (({ 'a.test': status(503), 'b.test': status(404) }) as Answers)[hostOf(url)]?.() ?? fine(),
    })
    onTestFinished(() => fetch.close())
    const others: string[] = []
    fetch.on('fallback', ({ from, to, reason }) => others.push(`${from} ${to} ${reason}`))
    const body = JSON.stringify({ model: 'm', messages: MESSAGES })
    await fetch('https://a.test/v1/chat/completions', { method: 'POST', body })
    expect(others).toEqual(events.map(({ from, to, reason }) => `${from} ${to} ${reason}`))
    expect(others).toEqual(['openai/m b/m server', 'b/m c/m not-found'])
  })
})
