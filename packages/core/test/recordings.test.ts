import { startSimulator, type Fault, type FaultOf } from '@harbor/simulator'
import OpenAI from 'openai'
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { CLIENTS, harborClient, type Api, type Client, type Reading } from './helpers/three-clients.ts'
import { COMPLETE, found, played, STREAMS, ANSWERS } from './helpers/recordings.ts'
import { simulate } from './helpers/harbor-for.ts'
import { timeInTurns } from './helpers/time-in-turns.ts'

type StreamFault = NonNullable<FaultOf<'play'>['then']>

/** How the same events may reach us; each must make no difference. */
const DELIVERIES: readonly (readonly [name: string, change: Partial<FaultOf<'play'>>])[] = [
  ['as they came', {}],
  ['in packets of 7 bytes', { then: { type: 'split', bytes: 7 } }],
  ['in packets of 11 bytes with CRLF', { then: { type: 'split', bytes: 11, crlf: true } }],
  ['with CRLF', { then: { type: 'crlf' } }],
  ['without [DONE]', { done: false }],
  ['with [DONE]', { done: true }],
  ['compressed by gzip', { then: { type: 'gzip' } }],
  ['compressed by br', { then: { type: 'gzip', encoding: 'br' } }],
  ['compressed by zstd', { then: { type: 'gzip', encoding: 'zstd' } }],
  ['behind comments', { then: { type: 'stream-comments', count: 3 } }],
]

describe.runIf(found)('a recorded stream', () => {
  it.each(CLIENTS)('is there, for $name', ({ make }) => {
    expect(make).toBeTypeOf('function')
    expect(STREAMS.length).toBeGreaterThanOrEqual(14)
    expect(new Set(COMPLETE.map(({ api }) => api))).toEqual(new Set(['chat', 'responses']))
  })

  for (const { name, make } of CLIENTS) {
    it.each(COMPLETE)(
      `reaches ${name} chunk for chunk, and its end is recognised: $api/$name`,
      async (recording) => {
        const provider = await simulate()
        provider.fail(played(recording))
        const reading = await make(provider).stream(recording.api, 'm')
        expectWhole(reading, name === 'plain fetch' ? recording.sent : recording.chunks, recording.api)
        expect(provider.counts()).toMatchObject({ calls: 1, aborts: 0, connections: { opened: 1, open: 1 } })
      },
    )
  }

  it.each(COMPLETE)('is the same however it is delivered: $api/$name', async (recording) => {
    const provider = await simulate()
    const client = harborClient(provider)
    for (const [name, change] of DELIVERIES) {
      provider.fail({ ...played(recording), ...change })
      expectWhole(await client.stream(recording.api, 'm'), recording.chunks, recording.api, name)
    }
    expect(provider.counts()).toMatchObject({ calls: DELIVERIES.length, aborts: 0 })
  })

  it.each(COMPLETE)('is never taken for complete when cut after any event: $api/$name', async (recording) => {
    const provider = await simulate()
    // This many failures in a row would open any circuit.
    const client = harborClient(provider, { breaker: false })
    const firstContent = recording.chunks.findIndex((chunk) => hasContent(recording.api, chunk))
    // The last event of a Responses stream is the proof itself; chat needs an orderly end after its last event.
    const cuts = recording.lines.length + (recording.api === 'chat' ? 1 : 0)
    for (let after = 0; after < cuts; after++) {
      provider.reset()
      const cut: Fault = { ...played(recording), then: { type: 'stream-cut', afterEvents: after } }
      provider.fail(cut, played(recording))
      const reading = await client.stream(recording.api, 'm')
      const where = `cut after ${after} of ${recording.lines.length} events`
      if (after <= firstContent) {
        expectWhole(reading, recording.chunks, recording.api, where)
        expect(provider.counts().calls, where).toBe(2)
        expect(reading.receipt?.attempts[0]?.failure, where).toMatchObject({
          kind: 'stream',
          code: 'stream_incomplete',
          ambiguous: false,
        })
      } else {
        expectFragment(reading, recording.chunks.slice(0, after), where)
        expect(provider.counts().calls, where).toBe(1)
      }
    }
  })
})

describe.runIf(found)('a recorded answer', () => {
  it.each(ANSWERS.filter(({ isError }) => !isError))(
    'reaches every client as it was sent: $api/$name',
    async ({ api, body }) => {
      const recorded = JSON.parse(body) as {
        usage: unknown
        choices?: { finish_reason: string }[]
        status?: string
      }
      for (const { make } of CLIENTS) {
        const provider = await simulate()
        const client = make(provider)
        for (const change of [
          {},
          { then: { type: 'gzip' } },
          { then: { type: 'split', bytes: 7 } },
        ] as const) {
          provider.fail({ type: 'play-json', body, ...change })
          const { chunks, error, receipt } = await client.ask(api, 'm')
          expect(error).toBeUndefined()
          expect(withoutHelpers(chunks[0])).toEqual(recorded)
          expect(receipt).toMatchObject({
            outcome: 'success',
            attempts: { length: 1 },
            finishReasons: recorded.choices?.map((choice) => choice.finish_reason) ?? [recorded.status],
            usage: tokensOf(recorded.usage),
          })
        }
        expect(provider.counts()).toMatchObject({ calls: 3, aborts: 0 })
      }
    },
  )
})

describe.runIf(found)('a recorded error', () => {
  const stream = STREAMS.filter(({ isError }) => isError)
  const answers = ANSWERS.filter(({ isError }) => isError)

  function expectQuotaError({ chunks, error, receipt }: Reading): void {
    expect(chunks).toEqual([])
    expect(error).toMatchObject({ status: 429, code: 'insufficient_quota' })
    expect(receipt).toMatchObject({
      outcome: 'failure',
      attempts: [{ failure: { kind: 'quota', code: 'insufficient_quota', ambiguous: false } }],
    })
  }

  async function calling(
    client: (typeof CLIENTS)[number],
    fault: Fault,
    call: (client: Client) => Promise<Reading>,
  ) {
    const provider = await simulate({ providers: { openai: { rules: [{ fault }] } } })
    const reading = await call(client.make(provider))
    expectQuotaError(reading)
    expect(provider.counts().calls).toBe(1)
    if (client.name !== 'plain fetch') expect(reading.error).toBeInstanceOf(OpenAI.RateLimitError)
  }

  it.each(CLIENTS)('exists in both forms, for $name', () => {
    expect([stream.length, answers.length]).toEqual([1, 1])
  })

  it.each(CLIENTS)('reported inside a stream is that error for $name, and not retried', async (client) => {
    for (const recording of stream) {
      await calling(client, played(recording), ({ stream }) => stream(recording.api, 'm'))
    }
  })

  it.each(CLIENTS)('reported by a status is that error for $name, and not retried', async (client) => {
    for (const { api, body } of answers) {
      await calling(client, { type: 'play-json', status: 429, body }, ({ ask }) => ask(api, 'm'))
      await calling(client, { type: 'play-json', status: 429, body }, ({ stream }) => stream(api, 'm'))
    }
  })

  it.each(CLIENTS)(
    'reported under a status of success is that error for $name all the same',
    async (client) => {
      for (const { api, body } of answers) {
        await calling(client, { type: 'play-json', body }, ({ ask }) => ask(api, 'm'))
        await calling(client, { type: 'play-json', body }, ({ stream }) => stream(api, 'm'))
      }
    },
  )
})

const BREAKS: readonly (readonly [how: string, then: StreamFault, code: string])[] = [
  ['cut', { type: 'stream-cut', afterEvents: 0 }, 'stream_incomplete'],
  ['broken inside an event', { type: 'stream-cut', afterEvents: 0, inside: true }, 'stream_incomplete'],
  ['stalled', { type: 'stream-stall', afterEvents: 0 }, 'stream_stalled'],
]

describe.runIf(found).each(BREAKS)(
  'a recorded stream that is %s, with a second target',
  (how, then, code) => {
    beforeEach(timeInTurns)

    it.each(COMPLETE)(
      'is whole from the second while nothing has escaped, and else an error, after about a dozen of its events, its first contents and its last among them: $api/$name',
      async (recording) => {
        const simulator = await startSimulator({ providers: { primary: {}, backup: {} } })
        onTestFinished(() => simulator.close())
        const [primary, backup] = [simulator.provider('primary'), simulator.provider('backup')]
        const client = harborClient(primary, {
          providers: { backup: { apiKey: 'k', baseURL: backup.baseURL } },
          fallback: ['backup/m'],
          attemptsBeforeFallback: 1,
          breaker: false,
          ...(how === 'stalled' && { timeouts: { firstTokenMs: 30, idleMs: 30 } }),
        })
        const { api, chunks, lines } = recording
        const firstContent = chunks.findIndex((chunk) => hasContent(api, chunk))
        // Whole is what has its proof and an orderly end: the last event of a Responses stream, or the end after it.
        const places = Array.from(
          { length: lines.length - (how === 'cut' && api === 'chat' ? 0 : 1) },
          (_, at) => at,
        )
        // Each event is cut in `recorded-cuts.test.ts`, and above with one target.
        const step = Math.ceil(places.length / 10)
        const tried = places.filter(
          (at) => at % step === 0 || Math.abs(at - firstContent) <= 1 || at === places.length - 1,
        )
        for (const after of tried) {
          primary.reset()
          backup.reset()
          primary.fail({ ...played(recording), then: { ...then, afterEvents: after } as StreamFault })
          backup.fail(played(recording))
          const reading = await client.stream(api, 'm')
          const where = `${how} after ${after} of ${lines.length} events`
          const calls = [primary.counts().calls, backup.counts().calls]
          if (after <= firstContent) {
            expectWhole(reading, chunks, api, where)
            expect(reading.receipt?.target, where).toBe('backup/m')
            expect(calls, where).toEqual([1, 1])
          } else {
            expectFragment(reading, chunks.slice(0, after), where, code)
            expect(calls, where).toEqual([1, 0])
          }
        }
      },
    )
  },
)

function expectWhole(reading: Reading, chunks: readonly unknown[], api: Api, where?: string): void {
  expect(reading.error, where).toBeUndefined()
  expect(inWords(reading.chunks), where).toEqual(inWords(chunks))
  expect(reading.receipt, where).toMatchObject({
    outcome: 'success',
    finishReasons: api === 'chat' ? finishReasonsOf(chunks) : ['completed'],
    usage: tokensOf(lastUsageOf(chunks)),
  })
}

function expectFragment(
  reading: Reading,
  chunks: readonly unknown[],
  where: string,
  code = 'stream_incomplete',
): void {
  expect(reading.error, where).toBeInstanceOf(OpenAI.APIError)
  expect(reading.error, where).toMatchObject({ code })
  expect(inWords(reading.chunks), where).toEqual(inWords(chunks))
  expect(reading.receipt, where).toMatchObject({
    outcome: 'failure',
    attempts: [{ failure: { kind: 'stream', code } }],
  })
}

/** Equal texts are equal values in equal order, and are compared a hundred times as fast. */
function inWords(chunks: readonly unknown[]): string[] {
  return chunks.map((chunk) => JSON.stringify(chunk))
}

/** Said in other words than the sources use, so that both can be wrong only in different ways. */
function hasContent(api: Api, chunk: unknown): boolean {
  if (api === 'responses') {
    const { response: _, sequence_number: _number, ...rest } = chunk as Record<string, unknown>
    const names = /"(type|\w*id|role|status|phase|obfuscation|encrypted_content)":"[^"]*"/g
    return /[:[]"[^"]/.test(JSON.stringify(rest).replace(names, ''))
  }
  const { choices } = chunk as { choices: { delta: Record<string, unknown> }[] }
  return choices.some(({ delta: { role: _role, ...delta } }) =>
    /"[^"]+":(?!null|""|\[\])/.test(JSON.stringify(delta)),
  )
}

function finishReasonsOf(chunks: readonly unknown[]): readonly string[] {
  return chunks
    .flatMap((chunk) => (chunk as { choices: { finish_reason?: string | null }[] }).choices)
    .flatMap(({ finish_reason: reason }) => (reason ? [reason] : []))
}

function lastUsageOf(chunks: readonly unknown[]): unknown {
  return chunks
    .map((chunk) => chunk as { usage?: unknown; response?: { usage?: unknown } })
    .map(({ usage, response }) => usage ?? response?.usage)
    .findLast((usage) => usage != null)
}

function tokensOf(usage: unknown): object {
  const counts = usage as Record<string, number>
  const reasoningTokens = Number(/"reasoning_tokens":(\d+)/.exec(JSON.stringify(usage))?.[1] ?? 0)
  const inputTokens = counts['prompt_tokens'] ?? counts['input_tokens'] ?? 0
  const outputTokens = counts['completion_tokens'] ?? counts['output_tokens'] ?? 0
  // xAI counts reasoning in addition to the output: only its total shows it.
  const isBeside = counts['total_tokens'] === inputTokens + outputTokens + reasoningTokens
  return {
    inputTokens,
    outputTokens: outputTokens + (isBeside ? reasoningTokens : 0),
    cachedInputTokens: Number(/"cached_tokens":(\d+)/.exec(JSON.stringify(usage))?.[1] ?? 0),
    reasoningTokens,
  }
}

/** The SDK adds the whole text to a Responses answer. */
function withoutHelpers(answer: unknown): unknown {
  return Object.fromEntries(Object.entries(answer as object).filter(([name]) => name !== 'output_text'))
}
