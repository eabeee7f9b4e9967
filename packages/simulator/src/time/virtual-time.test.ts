import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import OpenAI from 'openai'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { chatBody } from '../../test/wire.ts'
import { startSimulator } from '../index.ts'
import { useSimulator } from '../testing/vitest.ts'
import { VirtualClock } from './virtual-clock.ts'

const minute = 60_000
const provider = useSimulator({}, { time: 'virtual' })
afterEach(() => {
  vi.useRealTimers()
})

const call = (path = '/chat/completions', body: object = chatBody) =>
  fetch(provider.baseURL + path, { method: 'POST', body: JSON.stringify(body) })

/** Whether a promise is settled, after what is under way in this process has been done. */
async function isSettled(promise: Promise<unknown>): Promise<boolean> {
  let settled = false
  void promise.then(
    () => (settled = true),
    () => (settled = true),
  )
  await provider.advance(0)
  return settled
}

describe('virtual time', () => {
  it('lets an answer wait for its latency, however long that is', async () => {
    provider.script({ latency: 10 * minute })
    const answer = call()
    await provider.advance(10 * minute - 1)
    expect(await isSettled(answer)).toBe(false)
    await provider.advance(1)
    expect((await answer).status).toBe(200)
  })

  it('paces the events of a stream', async () => {
    provider.script({ firstTokenMs: minute, tokenMs: 1_000, reply: 'one two three' })
    const received: string[] = []
    const reading = (async () => {
      const { body } = await call('/chat/completions', { ...chatBody, stream: true })
      for await (const chunk of body ?? []) received.push(Buffer.from(chunk as Uint8Array).toString())
    })()
    await provider.advance(minute - 1)
    expect(received).toEqual([])
    await provider.advance(1)
    expect(received).toHaveLength(1)
    await provider.advance(2_000)
    expect(received).toHaveLength(3)
    await provider.advance(minute)
    await reading
    expect(received.at(-1)).toContain('[DONE]')
  })

  it('moves the windows of outages', async () => {
    provider.script({
      rules: [{ when: { windowMs: { to: minute } }, fault: { type: 'status', status: 503 } }],
    })
    expect((await call()).status).toBe(503)
    await provider.advance(minute)
    expect((await call()).status).toBe(200)
  })

  it('refills rate limits', async () => {
    provider.script({ limits: { requestsPerMinute: 1 } })
    const statuses = [(await call()).status, (await call()).status]
    await provider.advance(minute)
    statuses.push((await call()).status)
    expect(statuses).toEqual([200, 429, 200])
  })

  it('moves batches', async () => {
    provider.script({ batches: { runMs: 24 * 60 * minute - 1 } })
    const client = new OpenAI({ apiKey: 'key', baseURL: provider.baseURL, maxRetries: 0 })
    const line = { custom_id: 'a', method: 'POST', url: '/v1/chat/completions', body: chatBody }
    const file = await client.files.create({
      file: new File([JSON.stringify(line)], 'batch.jsonl'),
      purpose: 'batch',
    })
    const { id } = await client.batches.create({
      input_file_id: file.id,
      endpoint: '/v1/chat/completions',
      completion_window: '24h',
    })
    await provider.advance(60 * minute)
    expect((await client.batches.retrieve(id)).status).toBe('in_progress')
    await provider.advance(23 * 60 * minute)
    expect((await client.batches.retrieve(id)).status).toBe('completed')
  })

  it('is refused by a simulator in real time', async () => {
    await using simulator = await startSimulator()
    await expect(simulator.advance(1)).rejects.toThrow("advance() needs startSimulator({ time: 'virtual' })")
    await expect(startSimulator({ time: 'fake' as 'real' })).rejects.toThrow(
      'options.time must be one of real, virtual',
    )
  })
})

/** The code under test: tries again after 1 s, 2 s, 4 s … */
async function withRetries(attempt: () => Promise<Response>): Promise<{ status: number; attempts: number }> {
  for (let attempts = 1; ; attempts++) {
    const { status } = await attempt()
    if (status < 500 || attempts > 20) return { status, attempts }
    await new Promise((resolve) => setTimeout(resolve, 1_000 * 2 ** (attempts - 1)))
  }
}

describe.each([
  ['setTimeout and Date', { toFake: ['setTimeout', 'clearTimeout', 'Date'] }],
  ['all that vitest fakes', {}],
] as const)('virtual time with fake timers of vitest (%s)', (_, options) => {
  it('makes an outage of a minute pass in no time, attempt by attempt', async () => {
    vi.useFakeTimers(options as Parameters<typeof vi.useFakeTimers>[0])
    provider.script({
      rules: [{ when: { windowMs: { to: minute } }, fault: { type: 'status', status: 503 } }],
    })
    const answer = withRetries(call)
    await provider.advance(2 * minute, { stepMs: 25 })
    // At 0, 1, 3, 7, 15, 31 and 63 s.
    expect(await answer).toEqual({ status: 200, attempts: 7 })
    const times = provider.requests().map(({ at }) => Math.round(at / 1_000))
    expect(times).toEqual([0, 1, 3, 7, 15, 31, 63])
  })

  it('lets the client give up on a silent provider', async () => {
    vi.useFakeTimers(options as Parameters<typeof vi.useFakeTimers>[0])
    provider.fail({ type: 'hang' })
    const client = new OpenAI({ apiKey: 'key', baseURL: provider.baseURL, maxRetries: 0, timeout: minute })
    const failed = client.chat.completions
      .create({ model: 'gpt-4', messages: [] })
      .catch((error: unknown) => error)
    await provider.advance(minute - 1_000)
    expect(provider.counts()).toMatchObject({ calls: 1, aborts: 0 })
    await provider.advance(2_000)
    expect(await failed).toBeInstanceOf(OpenAI.APIConnectionTimeoutError)
    expect(provider.counts().aborts).toBe(1)
  })
})

describe('virtual time with mock timers of node:test', () => {
  it('makes an outage of a minute pass in no time, with those of the process and of a test', async () => {
    const cwd = fileURLToPath(new URL('../../test/fixtures', import.meta.url))
    const { NODE_TEST_CONTEXT: _, ...env } = process.env
    const argv = ['--conditions=@harbor/source', '--test', '--test-reporter=tap', 'virtual-time.node.ts']
    const { stdout } = await promisify(execFile)(process.execPath, argv, { cwd, env })
    expect(stdout).toContain('# pass 4\n# fail 0')
  })
})

describe('VirtualClock', () => {
  it('calls timers in the order of their times, those of timers included', async () => {
    const clock = new VirtualClock()
    const calls: string[] = []
    const log = (name: string) => () => calls.push(`${name} ${clock.now()}`)
    clock.after(20, log('b'))
    clock.after(10, () => {
      log('a')()
      clock.after(5, log('c'))
    })
    const cancel = clock.after(12, log('d'))
    clock.after(20, log('e'))
    clock.after(31, log('f'))
    cancel()
    await Promise.all([clock.advance(10), clock.advance(20)])
    expect(calls).toEqual(['a 10', 'c 15', 'b 20', 'e 20'])
    expect(clock.now()).toBe(30)
  })

  it.each([[-1], [NaN], ['5']])('refuses %j milliseconds', async (ms) => {
    await expect(new VirtualClock().advance(ms as number)).rejects.toThrow(
      'ms must be a number of at least 0',
    )
  })

  it('moves other timers in steps', async () => {
    const steps: number[] = []
    const alongside = (ms: number) => steps.push(ms)
    const clock = new VirtualClock()
    clock.after(4, () => undefined)
    await clock.advance(10, { alongside, stepMs: 3 })
    expect(steps).toEqual([3, 1, 3, 3])
    await expect(clock.advance(1, { stepMs: 0 })).rejects.toThrow('stepMs')
  })
})
