import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi, type Mock } from 'vitest'
import type { CapturedCall, CaptureContentOptions } from '../src/index.ts'
import { capturing } from './helpers/capturing.ts'
import { chat, chunk } from './helpers/fixed-answers.ts'
import { harborFor, HELLO, simulate } from './helpers/harbor-for.ts'
import { sendJson, serve } from './helpers/http-server.ts'
import { collect } from './helpers/sdk-versions.ts'
import { harborWithBackup } from './helpers/two-providers.ts'
import { status } from './helpers/expect-failure.ts'

const PROMPT = 'the planted prompt'
const SECRET = 'sk-planted-0123456789abcdef'
const question = { model: 'gpt-4', messages: [{ role: 'user' as const, content: PROMPT }] }

let emitWarning: Mock

beforeEach(() => {
  emitWarning = vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined)
})
afterEach(() => {
  vi.restoreAllMocks()
  vi.useRealTimers()
})

const warnings = (): string[] => emitWarning.mock.calls.map((args) => JSON.stringify(args))

describe('a function `to` or `redact` that fails', () => {
  it.each<[string, CaptureContentOptions['to']]>([
    [
      'throws',
      ({ request }) => {
        throw new TypeError(`not stored: ${JSON.stringify(request)}`)
      },
    ],
    [
      'rejects',
      async ({ request }) => Promise.reject(new TypeError(`not stored: ${JSON.stringify(request)}`)),
    ],
  ])('changes no call and causes one warning, without the content, if `to` %s', async (_, to) => {
    const harbor = harborFor(await simulate(), { captureContent: { to } })
    for (let n = 0; n < 3; n++) await harbor.chat.completions.create(question)
    await expect.poll(() => harbor.stats().captures?.failed).toBe(3)
    expect(warnings()).toEqual([expect.stringContaining('captureContent.to threw')])
    expect(warnings()[0]).toContain('TypeError')
    expect(warnings()[0]).toContain('capture-bounds.test.ts')
    expect(warnings()[0]).not.toContain(PROMPT)
  })

  it.each<[string, unknown]>([
    [
      'throws',
      ({ request }: CapturedCall) => {
        throw new Error(JSON.stringify(request))
      },
    ],
    ['returns nothing', () => undefined],
    ['returns a promise', async (call: CapturedCall) => Promise.resolve(call)],
  ])('passes nothing on if `redact` %s', async (_, redact) => {
    const { captureContent, calls } = capturing({ redact: redact as () => CapturedCall })
    const harbor = harborFor(await simulate(), { captureContent })
    for (let n = 0; n < 2; n++) await harbor.chat.completions.create(question)
    await expect.poll(() => harbor.stats().captures?.failed).toBe(2)
    expect(calls).toEqual([])
    expect(warnings()).toEqual([expect.stringContaining('nothing was passed on')])
    expect(warnings()[0]).not.toContain(PROMPT)
  })

  it('passes on what `redact` returns', async () => {
    const redact = (call: CapturedCall): CapturedCall => ({ ...call, request: 'removed', answer: 'removed' })
    const { captureContent, captured } = capturing({ redact })
    const harbor = harborFor(await simulate(), { captureContent })
    await harbor.chat.completions.create(question)
    expect((await captured(1))[0]).toMatchObject({ request: 'removed', answer: 'removed' })
  })

  it('causes one warning if `to` hangs; later calls are passed on after 10 seconds', async () => {
    const received: CapturedCall[] = []
    const to = (call: CapturedCall): Promise<void> => {
      received.push(call)
      return new Promise(() => undefined)
    }
    const harbor = harborFor(await simulate(), { captureContent: { to } })
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    await Promise.all(Array.from({ length: 20 }, () => harbor.chat.completions.create(question)))
    await expect.poll(() => received).toHaveLength(16)
    expect(harbor.stats().captures).toEqual({ captured: 0, failed: 0, discarded: 0, waiting: 20 })
    vi.advanceTimersByTime(10_000)
    vi.useRealTimers()
    await expect.poll(() => received.length).toBe(20)
    expect(harbor.stats().captures).toMatchObject({ failed: 16, waiting: 4 })
    expect(warnings()).toEqual([expect.stringContaining('takes longer than 10 seconds')])
  })

  it('delays no call while it is slow, and what is discarded is counted and warned of', async () => {
    const fetch = (): Promise<Response> => Promise.resolve(Response.json(chat('Hi')))
    const to = (): Promise<void> => new Promise(() => undefined)
    const harbor = harborFor({ baseURL: 'http://localhost/v1' }, { fetch, captureContent: { to } })
    // After ten seconds, which a busy machine may need, calls that hang in `to` are given up.
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    onTestFinished(() => void vi.useRealTimers())
    for (let n = 0; n < 1_100; n++) {
      await harbor.chat.completions.create(question)
      if (n % 100 === 50) await new Promise((resolve) => setImmediate(resolve))
    }
    const { waiting = 0, discarded = 0 } = harbor.stats().captures ?? {}
    expect(waiting).toBe(1_016)
    expect(discarded).toBe(84)
    expect(warnings()).toHaveLength(2)
    expect(warnings()[0]).toContain('captureContent discarded 1 call(s)')
    expect(warnings()[1]).toContain('captureContent discarded 10 call(s)')
  })

  it('loses no call if `to` is fast, however many calls end at the same time', async () => {
    const fetch = (): Promise<Response> => Promise.resolve(Response.json(chat('Hi')))
    const { captureContent, captured } = capturing()
    const harbor = harborFor({ baseURL: 'http://localhost/v1' }, { fetch, captureContent })
    await Promise.all(Array.from({ length: 900 }, () => harbor.chat.completions.create(question)))
    await captured(900)
    expect(harbor.stats().captures).toEqual({ captured: 900, failed: 0, discarded: 0, waiting: 0 })
  })
})

describe('close()', () => {
  it('waits until captured calls are passed on', async () => {
    const stored: unknown[] = []
    const to = async (call: CapturedCall): Promise<void> => {
      await new Promise((resolve) => setTimeout(resolve, 5))
      stored.push(call.answer)
    }
    const harbor = harborFor(await simulate(), { captureContent: { to } })
    await Promise.all(Array.from({ length: 30 }, () => harbor.chat.completions.create(question)))
    await harbor.close()
    expect(stored).toHaveLength(30)
  })

  it('does not wait longer than graceMs for a `to` that hangs, and says what is discarded', async () => {
    const to = (): Promise<void> => new Promise(() => undefined)
    const harbor = harborFor(await simulate(), { captureContent: { to } })
    await Promise.all(Array.from({ length: 30 }, () => harbor.chat.completions.create(question)))
    await harbor.close({ graceMs: 20 })
    expect(harbor.stats().captures).toMatchObject({ discarded: 14, waiting: 16 })
    expect(warnings().at(-1)).toContain('discarded 10 call(s)')
  })
})

describe('maxBytes', () => {
  it('cuts a request and an answer, and never in the middle of a character', async () => {
    const answer = chat('👋'.repeat(100))
    const server = await serve((_, response) => sendJson(response, answer))
    const request = { ...question, messages: [{ role: 'user' as const, content: 'ü'.repeat(200) }] }
    for (let maxBytes = 60; maxBytes < 70; maxBytes++) {
      const { captureContent, captured } = capturing({ maxBytes })
      const harbor = harborFor(server, { captureContent })
      const reply = await harbor.chat.completions.create(request)
      expect(reply.choices[0]?.message.content).toHaveLength(200)
      const [call] = await captured(1)
      expect(call?.truncated).toBe(true)
      for (const [text, whole] of [
        [call?.request, request],
        [call?.answer, answer],
      ]) {
        const bytes = Buffer.byteLength(text as string)
        expect(bytes).toBeLessThanOrEqual(maxBytes)
        expect(bytes).toBeGreaterThan(maxBytes - 4)
        expect(JSON.stringify(whole).startsWith(text as string)).toBe(true)
      }
    }
  })

  it('cuts a stream in the same way, whatever the pieces in which it arrives', async () => {
    const text = Buffer.from(
      `data: ${JSON.stringify(chunk({ content: '👋ü'.repeat(99) }))}\n\ndata: ${JSON.stringify(chunk({}, 'stop'))}\n\n`,
    )
    for (const size of [1, 7, 10_000]) {
      const server = await serve((_, response) => {
        response.writeHead(200, { 'content-type': 'text/event-stream' })
        for (let at = 0; at < text.length; at += size) response.write(text.subarray(at, at + size))
        response.end()
      })
      const { captureContent, captured } = capturing({ maxBytes: 203 })
      const harbor = harborFor(server, { captureContent })
      await collect(await harbor.chat.completions.create({ ...question, stream: true }))
      const [call] = await captured(1)
      expect(call?.truncated).toBe(true)
      expect(text.toString().startsWith(call?.answer as string)).toBe(true)
      expect(Buffer.byteLength(call?.answer as string)).toBeGreaterThan(199)
    }
  })

  it('leaves a stream of 100 MB unbuffered, at the pace of its reader', async () => {
    const EVENTS = 1_600
    const event = `data: ${JSON.stringify(chunk({ content: 'x'.repeat(64 * 1024) }))}\n\n`
    let sent = 0
    const encoder = new TextEncoder()
    const body = (): ReadableStream =>
      new ReadableStream(
        {
          pull: (controller) => {
            if (sent++ < EVENTS) controller.enqueue(encoder.encode(event))
            else {
              controller.enqueue(encoder.encode(`data: ${JSON.stringify(chunk({}, 'stop'))}\n\n`))
              controller.close()
            }
          },
        },
        { highWaterMark: 0 },
      )
    const fetch = (): Promise<Response> =>
      Promise.resolve(new Response(body(), { headers: { 'content-type': 'text/event-stream' } }))
    const { captureContent, captured } = capturing({ maxBytes: 1_000 })
    const harbor = harborFor({ baseURL: 'http://localhost/v1' }, { fetch, captureContent })
    const stream = await harbor.chat.completions.create({ ...question, stream: true })
    let read = 0
    let highest = 0
    for await (const each of stream) {
      read += each.choices[0]?.delta.content?.length ?? 0
      highest = Math.max(highest, sent - read / (64 * 1024))
    }
    expect(read).toBe(EVENTS * 64 * 1024)
    expect(highest).toBeLessThan(10)
    const [call] = await captured(1)
    expect(call?.answer).toHaveLength(1_000)
  })
})

describe('the API keys of a captured call', () => {
  it('are removed where a provider repeats them, also that of a fallback and one in the URL', async () => {
    const { primary, backup, harbor } = await harborWithBackup()
    const server = await serve(({ headers, path }, response) =>
      sendJson(response, { error: { message: `bad key ${headers.authorization ?? ''} at ${path}` } }, 401),
    )
    await primary.down()
    await backup.down()
    const { captureContent, captured } = capturing()
    const client = harbor.withOptions({
      apiKey: SECRET,
      baseURL: server.baseURL,
      captureContent,
      defaultQuery: { key: `${SECRET}-in-the-url` },
      providers: { other: { apiKey: `${SECRET}-other`, baseURL: server.baseURL } },
      fallback: ['other/gpt-4'],
    })
    await client.chat.completions.create(HELLO).catch(() => undefined)
    await client
      .withOptions({ fallback: false })
      .chat.completions.create(HELLO)
      .catch(() => undefined)
    for (const call of await captured(2)) {
      expect(JSON.stringify(call.answer)).toContain('bad key Bearer [removed]')
      expect(JSON.stringify(call)).not.toContain(SECRET)
    }
  })

  it('are removed from the middle of a cut answer, and credentials of tools from the request', async () => {
    const server = await serve(({ headers }, response) =>
      sendJson(response, { error: { message: `bad key ${headers.authorization ?? ''}` } }, 401),
    )
    const tool = {
      type: 'mcp' as const,
      server_label: 's',
      server_url: 'https://mcp.example',
      authorization: SECRET,
    }
    for (let maxBytes = 30; maxBytes < 70; maxBytes++) {
      const { captureContent, captured } = capturing({ maxBytes })
      const harbor = harborFor(server, { captureContent, apiKey: SECRET, retry: false })
      await harbor.responses.create({ model: 'm', input: 'Hi', tools: [tool] }).catch(() => undefined)
      expect(JSON.stringify((await captured(1))[0])).not.toContain(SECRET.slice(0, 10))
    }
    const { captureContent, captured } = capturing()
    const harbor = harborFor(server, { captureContent, retry: false })
    const more = { headers: { 'X-Api-Key': SECRET, Accept: 'json' } }
    await harbor.responses
      .create({ model: 'm', input: 'Hi', tools: [{ ...tool, ...more }] })
      .catch(() => undefined)
    expect((await captured(1))[0]?.request).toMatchObject({
      tools: [{ authorization: '[removed]', headers: { 'X-Api-Key': '[removed]', Accept: 'json' } }],
    })
  })

  it('leave the receipt, the events and the log without content', async () => {
    const lines: string[] = []
    const log = (...words: unknown[]): void => void lines.push(JSON.stringify(words))
    const { captureContent, captured } = capturing()
    const provider = await simulate()
    const harbor = harborFor(provider, {
      captureContent,
      logLevel: 'info',
      logger: { debug: log, info: log, warn: log, error: log },
    })
    for (const event of ['call', 'attempt', 'end'] as const)
      harbor.on(event, (payload) => void lines.push(JSON.stringify(payload)))
    provider.fail(status(503))
    const { choices } = await harbor.chat.completions.create(question)
    const [call] = await captured(1)
    const words = [...lines, JSON.stringify(call?.receipt), JSON.stringify(harbor.stats())].join()
    expect(words).not.toContain(PROMPT)
    expect(words).not.toContain(choices[0]?.message.content?.slice(0, 12))
  })
})
