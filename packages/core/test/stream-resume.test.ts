import type { Fault, SimulatedProvider } from '@harbor/simulator'
import { APIError } from 'openai'
import { describe, expect, it } from 'vitest'
import { perCall, type HarborOptions, type Receipt } from '../src/index.ts'
import { harborFor, simulate } from './helpers/harbor-for.ts'

const REQUEST = { model: 'gpt-5', input: 'What is a harbour?', background: true, store: true } as const
const CUT: Fault = { type: 'stream-cut', afterEvents: 8 }

interface Read {
  readonly numbers: readonly number[]
  readonly text: string
  readonly error: unknown
  readonly receipt: Receipt | undefined
}

/** Reads a background stream to its end, with the SDK. */
async function read(
  provider: SimulatedProvider,
  options: HarborOptions = { onStreamFailure: 'resume' },
  request: object = REQUEST,
): Promise<Read> {
  const harbor = harborFor(provider, options)
  const numbers: number[] = []
  let text = ''
  let error: unknown
  let receipt: Receipt | undefined
  const call = perCall({ onReceipt: (ended) => (receipt = ended) })
  try {
    const stream = await harbor.responses.create({ ...REQUEST, ...request, stream: true }, call)
    for await (const event of stream) {
      numbers.push(event.sequence_number)
      if (event.type === 'response.output_text.delta') text += event.delta
    }
  } catch (thrown) {
    error = thrown
  }
  return { numbers, text, error, receipt }
}

/** The requests that asked for the rest of a stream, as path and query. */
function resumes(provider: SimulatedProvider): string[] {
  return provider
    .requests()
    .filter(({ method }) => method === 'GET')
    .map(({ path, query }) => `${path}?${query}`)
}

async function whole(): Promise<Read> {
  return read(await simulate())
}

describe('a stored stream whose connection breaks', () => {
  it.each<Fault>([
    CUT,
    { type: 'stream-cut', afterEvents: 8, inside: true },
    { type: 'stream-cut', afterEvents: 8, reset: true },
    { type: 'stream-end', afterEvents: 8 },
    { type: 'stream-garbage', afterEvents: 8 },
    { type: 'stream-cut', afterEvents: 2 },
    { type: 'stream-cut', afterEvents: 1, inside: true },
  ])('goes on where it broke: %j', async (fault) => {
    const expected = await whole()
    const provider = await simulate()
    provider.fail(fault)
    const { numbers, text, error, receipt } = await read(provider)
    expect(error).toBeUndefined()
    expect(numbers).toEqual(expected.numbers)
    expect(text).toBe(expected.text)
    expect(resumes(provider)).toHaveLength(1)
    expect(receipt?.outcome).toBe('success')
    expect(receipt?.attempts.map(({ reason, failure }) => [reason, failure?.kind])).toEqual([
      ['first', 'stream'],
      ['resume', undefined],
    ])
  })

  it('is requested from its last event on, with the same credential and no body', async () => {
    const provider = await simulate()
    provider.script({ apiKeys: ['test-key'] })
    provider.fail(CUT)
    const { error, receipt } = await read(provider, undefined, { include: ['reasoning.encrypted_content'] })
    expect(error).toBeUndefined()
    const path = `/v1/responses/${receipt?.responseId ?? ''}`
    const query = 'stream=true&starting_after=7&include[]=reasoning.encrypted_content'
    expect(resumes(provider)).toEqual([`${path}?${query}`])
  })

  it('is paid for once', async () => {
    const expected = await whole()
    const provider = await simulate()
    provider.fail(CUT)
    const { receipt } = await read(provider)
    expect(receipt?.usage).toEqual(expected.receipt?.usage)
    expect(receipt?.cost?.usd).toBe(expected.receipt?.cost?.usd)
    expect(receipt).toMatchObject({ possiblyBilled: 0 })
  })

  it('may break as often as it goes on', async () => {
    const expected = await whole()
    const provider = await simulate()
    provider.fail(...Array.from({ length: 12 }, (): Fault => ({ type: 'stream-cut', afterEvents: 2 })))
    const { numbers, error, receipt } = await read(provider)
    expect(error).toBeUndefined()
    expect(numbers).toEqual(expected.numbers)
    expect(receipt?.attempts).toHaveLength(13)
  })

  it('fails as before after three connections in a row that bring nothing', async () => {
    const provider = await simulate()
    provider.fail(CUT, ...Array.from({ length: 9 }, (): Fault => ({ type: 'stream-cut', afterEvents: 0 })))
    const { numbers, error, receipt } = await read(provider)
    expect(error).toMatchObject({ code: 'stream_incomplete' })
    expect(numbers).toHaveLength(8)
    expect(receipt?.attempts).toHaveLength(4)
  })

  it('waits between requests that fail, and goes on', async () => {
    const expected = await whole()
    const provider = await simulate()
    provider.fail(CUT, { type: 'status', status: 503 }, { type: 'reset', when: 'before-headers' })
    const { numbers, error, receipt } = await read(provider)
    expect(error).toBeUndefined()
    expect(numbers).toEqual(expected.numbers)
    expect(receipt?.attempts.map(({ failure }) => failure?.kind)).toEqual([
      'stream',
      'server',
      'network',
      undefined,
    ])
  })

  it.each<[string, number, object]>([
    ['is too old', 400, { message: 'This response can no longer be streamed.' }],
    ['is gone', 404, { message: 'Response not found.' }],
  ])('fails as before if it %s', async (_, status, error) => {
    const provider = await simulate()
    provider.fail(CUT, { type: 'status', status, ...error })
    const failed = await read(provider)
    expect(failed.error).toBeInstanceOf(APIError)
    expect(failed.error).toMatchObject({ code: 'stream_incomplete' })
    expect(failed.numbers).toHaveLength(8)
    expect(failed.receipt).toMatchObject({ outcome: 'failure', failure: { code: 'stream_incomplete' } })
    expect(resumes(provider)).toHaveLength(1)
  })

  it.each<[string, HarborOptions, object]>([
    ['the option is off', {}, {}],
    ['it does not run in the background', { onStreamFailure: 'resume' }, { background: false }],
  ])('fails as before if %s', async (_, options, request) => {
    const provider = await simulate()
    provider.fail(CUT)
    const { error } = await read(provider, options, request)
    expect(error).toMatchObject({ code: 'stream_incomplete' })
    expect(provider.requests()).toHaveLength(1)
  })

  it('is resumed for one call by perCall()', async () => {
    const provider = await simulate()
    provider.fail(CUT)
    const harbor = harborFor(provider)
    const call = perCall({ onStreamFailure: 'resume' })
    const stream = await harbor.responses.create({ ...REQUEST, stream: true }, call)
    const types: string[] = []
    for await (const event of stream) types.push(event.type)
    expect(types.at(-1)).toBe('response.completed')
  })

  it('is resumed when it stalls', async () => {
    const expected = await whole()
    const provider = await simulate()
    provider.fail({ type: 'stream-stall', afterEvents: 8, inside: true })
    const { numbers, error, receipt } = await read(provider, {
      onStreamFailure: 'resume',
      timeouts: { idleMs: 1_500 },
    })
    expect(error).toBeUndefined()
    expect(numbers).toEqual(expected.numbers)
    expect(receipt?.attempts[0]?.failure).toMatchObject({ code: 'stream_stalled' })
  })

  it('ends when its reader leaves while it is resumed', async () => {
    const provider = await simulate()
    provider.fail(CUT, { type: 'hang' })
    const harbor = harborFor(provider, { onStreamFailure: 'resume' })
    const ended = Promise.withResolvers<Receipt>()
    const call = perCall({ onReceipt: ended.resolve })
    const stream = await harbor.responses.create({ ...REQUEST, stream: true }, call)
    const reading = (async () => {
      for await (const _ of stream);
    })()
    while (resumes(provider).length === 0) await new Promise((resolve) => setTimeout(resolve, 5))
    stream.controller.abort()
    await reading
    const receipt = await ended.promise
    expect(receipt.outcome).toBe('aborted')
    expect(receipt.attempts.at(-1)).toMatchObject({ reason: 'resume', failure: { kind: 'aborted' } })
  })
})
