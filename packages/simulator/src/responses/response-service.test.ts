import OpenAI from 'openai'
import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { eventsOf, post } from '../../test/wire.ts'
import { startSimulator } from '../index.ts'

const simulator = await startSimulator()
const provider = simulator.provider()
const client = new OpenAI({ apiKey: 'key', baseURL: provider.baseURL, maxRetries: 0 })
afterAll(() => simulator.close())

let now = 1_000_000
const clock = vi.spyOn(performance, 'now')
beforeEach(() => {
  provider.script({})
  provider.reset()
})
afterEach(() => void clock.mockReset())

const request = { model: 'gpt-5', input: 'What is a harbour?', background: true } as const

async function streamText(body: object): Promise<string> {
  return (await post(provider, '/responses', { ...request, ...body, stream: true })).body
}

async function resumed(id: string, after?: number): Promise<string> {
  const query = after === undefined ? '' : `&starting_after=${after}`
  return (await fetch(`${provider.baseURL}/responses/${id}?stream=true${query}`)).text()
}

function idIn(body: string): string {
  return /"id":"(resp_\w+)"/.exec(body)?.[1] ?? ''
}

describe('a response in the background', () => {
  it('is queued, runs and completes in the times of the script', async () => {
    clock.mockImplementation(() => now)
    provider.script({ background: { queuedMs: 100, runMs: 1_000 } })
    const created = await client.responses.create(request)
    expect(created).toMatchObject({ status: 'queued', background: true, output: [] })
    const statuses = []
    for (const ms of [99, 1, 999, 1]) {
      now += ms
      statuses.push((await client.responses.retrieve(created.id)).status)
    }
    expect(statuses).toEqual(['queued', 'in_progress', 'in_progress', 'completed'])
    const done = await client.responses.retrieve(created.id)
    expect(done.output_text).toContain('harbour')
    expect(provider.counts().byOperation).toEqual({ responses: 1, 'stored-responses': 5 })
    expect(provider.counts().tokens.output).toBe(done.usage?.output_tokens)
  })

  it('is another one for an equal request', async () => {
    const [one, other] = await Promise.all([
      client.responses.create(request),
      client.responses.create(request),
    ])
    expect(one.id).not.toBe(other.id)
  })

  it('is cancelled while it runs, and not after its end', async () => {
    clock.mockImplementation(() => now)
    provider.script({ background: { runMs: 1_000 } })
    const { id } = await client.responses.create(request)
    now += 500
    expect(await client.responses.cancel(id)).toMatchObject({ status: 'cancelled', output: [] })
    now += 5_000
    expect((await client.responses.retrieve(id)).status).toBe('cancelled')
    const whole = await client.responses.create(request)
    now += 5_000
    expect((await client.responses.cancel(whole.id)).status).toBe('completed')
  })

  it('is incomplete if a fault ends it early', async () => {
    provider.fail({ type: 'length' })
    const { id } = await client.responses.create(request)
    expect(await client.responses.retrieve(id)).toMatchObject({
      status: 'incomplete',
      incomplete_details: { reason: 'max_output_tokens' },
    })
  })

  it('must be stored', async () => {
    await expect(client.responses.create({ ...request, store: false })).rejects.toMatchObject({
      status: 400,
      param: 'store',
    })
  })
})

describe('a stream in the background', () => {
  it('is queued first, and numbers its events', async () => {
    const events = eventsOf(await streamText({})).map(
      (data) => JSON.parse(data) as { type: string; sequence_number: number },
    )
    expect(events.slice(0, 3).map(({ type }) => type)).toEqual([
      'response.created',
      'response.queued',
      'response.in_progress',
    ])
    expect(events.map(({ sequence_number }) => sequence_number)).toEqual(events.map((_, index) => index))
    expect(events.at(-1)?.type).toBe('response.completed')
  })

  it('continues byte for byte after a cut, from any event', async () => {
    provider.fail({ type: 'stream-cut', afterEvents: 5 })
    const cut = await streamText({})
    const id = idIn(cut)
    const whole = await resumed(id)
    expect(whole.startsWith(cut)).toBe(true)
    expect(whole).toContain('event: response.completed')
    const events = whole.split(/(?<=\n\n)/)
    for (const after of [-1, 0, 4, events.length - 2, events.length - 1, 99]) {
      expect(await resumed(id, after)).toBe(events.slice(after + 1).join(''))
    }
    expect(cut).toBe(events.slice(0, 5).join(''))
  })

  it('is continued by the SDK', async () => {
    provider.fail({ type: 'stream-cut', afterEvents: 8 })
    const seen: number[] = []
    let id = ''
    const stream = await client.responses.create({ ...request, stream: true })
    await expect(
      (async () => {
        for await (const event of stream) {
          if (event.type === 'response.created') id = event.response.id
          seen.push(event.sequence_number)
        }
      })(),
    ).rejects.toThrow()
    const rest = await client.responses.retrieve(id, { stream: true, starting_after: seen.at(-1) ?? -1 })
    for await (const event of rest) seen.push(event.sequence_number)
    expect(seen).toEqual(seen.map((_, index) => index))
    expect(provider.requests().at(-1)).toMatchObject({ operation: 'stored-responses', stream: true })
  })

  it('delivers what has happened at once, and what has not at its time', async () => {
    provider.script({ background: { runMs: 120 } })
    const started = Date.now()
    provider.fail({ type: 'stream-cut', afterEvents: 3 })
    const id = idIn(await streamText({}))
    const whole = await resumed(id)
    expect(Date.now() - started).toBeGreaterThanOrEqual(100)
    expect(whole).toContain('response.completed')
    expect(await resumed(id)).toBe(whole)
  })

  it('ends at once when the response is cancelled, for all that follow it', async () => {
    provider.script({ background: { runMs: 60_000 } })
    provider.fail({ type: 'stream-cut', afterEvents: 3 })
    const id = idIn(await streamText({}))
    const followers = [resumed(id), resumed(id, 1)]
    while (provider.counts().inFlight < 2) await new Promise((resolve) => setTimeout(resolve, 1))
    await client.responses.cancel(id)
    const [whole = '', rest = ''] = await Promise.all(followers)
    expect(whole.endsWith(rest)).toBe(true)
    expect(whole).not.toContain('response.completed')
    expect(await resumed(id)).toBe(whole)
    expect(provider.counts().aborts).toBe(0)
  })

  it('can be streamed again only for a time, and only if it was created as a stream', async () => {
    clock.mockImplementation(() => now)
    const id = idIn(await streamText({}))
    now += 300_001
    expect(await resumed(id)).toContain('more than 5 minutes old')
    const { id: plain } = await client.responses.create(request)
    expect(await resumed(plain)).toContain('cannot be streamed')
    expect(await resumed(id, Number.NaN)).toContain('error')
  })

  it('is subject to faults of its own operation', async () => {
    const id = idIn(await streamText({}))
    provider.script({
      rules: [
        {
          when: { operation: 'stored-responses', stream: true },
          fault: { type: 'stream-end', afterEvents: 1 },
        },
      ],
    })
    expect(eventsOf(await resumed(id))).toHaveLength(1)
    expect((await client.responses.retrieve(id)).status).toBe('completed')
  })
})

describe('a response that is stored', () => {
  const plain = { model: 'gpt-5', input: 'What is a harbour?' }

  it('can be read and deleted, unless it was created with store: false', async () => {
    const created = await client.responses.create(plain)
    expect(await client.responses.retrieve(created.id)).toEqual(created)
    expect(provider.counts().tokens.output).toBe(created.usage?.output_tokens)
    await client.responses.delete(created.id)
    await expect(client.responses.retrieve(created.id)).rejects.toThrow(OpenAI.NotFoundError)
    const { id } = await client.responses.create({ ...plain, store: false })
    await expect(client.responses.retrieve(id)).rejects.toMatchObject({ status: 404 })
  })

  it('cannot be cancelled or streamed, if it was not created in the background', async () => {
    const { id } = await client.responses.create(plain)
    await expect(client.responses.cancel(id)).rejects.toThrow('Cannot cancel a synchronous response.')
    expect(await resumed(id)).toContain('cannot be streamed')
  })

  it('is one of the last 1,000', async () => {
    const first = await client.responses.create(plain)
    for (let call = 0; call < 1_000; call++) {
      await post(provider, '/responses', { ...plain, input: `Number ${call}` })
    }
    await expect(client.responses.retrieve(first.id)).rejects.toMatchObject({ status: 404 })
  })

  it('needs a valid key', async () => {
    const { id } = await client.responses.create(plain)
    provider.script({ apiKeys: ['right'] })
    await expect(client.responses.retrieve(id)).rejects.toThrow(OpenAI.AuthenticationError)
  })
})
