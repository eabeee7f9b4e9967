import type { Fault } from '@harbor/simulator'
import { describe, expect, it } from 'vitest'
import { receiptOf, type Harbor } from '../src/index.ts'
import type { Api } from './helpers/three-clients.ts'
import { failureOf } from './helpers/expect-failure.ts'
import { ANSWERS, COMPLETE, found, played, STREAMS, type StreamRecording } from './helpers/recordings.ts'
import { harborFor, simulate } from './helpers/harbor-for.ts'

const WHOLE_ANSWERS = ANSWERS.filter(({ isError }) => !isError)
const OPTIONS = { cache: { when: 'always' }, retry: false, breaker: false } as const

/** How a provider may deliver an answer; what is kept must not depend on it. */
const DELIVERIES = [{}, { then: { type: 'split', bytes: 7 } }, { then: { type: 'gzip' } }] as const

interface Reading {
  readonly text: string
  readonly status: string | null
  readonly stored: true | string | undefined
}

async function read(harbor: Harbor, api: Api, stream: boolean): Promise<Reading> {
  const response = await (
    api === 'chat'
      ? harbor.chat.completions.create({ model: 'm', messages: [{ role: 'user', content: 'Hi.' }], stream })
      : harbor.responses.create({ model: 'm', input: 'Hi.', stream })
  ).asResponse()
  const text = await response.text()
  return {
    text,
    status: response.headers.get('x-harbor-cache'),
    stored: receiptOf(response)?.cache?.stored,
  }
}

/** What its provider writes for a fault, byte for byte. */
async function wireTextOf(fault: Fault, api: Api): Promise<string> {
  const provider = await simulate()
  provider.fail(fault)
  const path = api === 'chat' ? '/chat/completions' : '/responses'
  const response = await fetch(provider.baseURL + path, { method: 'POST', body: '{"model":"m"}' })
  return response.text()
}

describe.runIf(found)('a recorded answer, cached', () => {
  it('is there', () => {
    expect(COMPLETE.length).toBeGreaterThanOrEqual(13)
    expect(WHOLE_ANSWERS.length).toBeGreaterThanOrEqual(11)
  })

  it.each(COMPLETE)('is replayed byte for byte as the stream came: $api/$name', async (recording) => {
    for (const delivery of DELIVERIES) {
      const provider = await simulate()
      const harbor = harborFor(provider, OPTIONS)
      provider.fail({ ...played(recording), ...delivery })
      const cold = await read(harbor, recording.api, true)
      const hit = await read(harbor, recording.api, true)
      expect(cold).toMatchObject({ status: 'miss', stored: true })
      expect(cold.text).toBe(await wireTextOf(played(recording), recording.api))
      expect(hit).toMatchObject({ status: 'hit', text: cold.text })
      expect(provider.counts().calls).toBe(1)
    }
  })

  it.each(WHOLE_ANSWERS)('is returned again byte for byte as JSON: $api/$name', async ({ api, body }) => {
    for (const delivery of DELIVERIES) {
      const provider = await simulate()
      const harbor = harborFor(provider, OPTIONS)
      provider.fail({ type: 'play-json', body, ...delivery })
      expect(await read(harbor, api, false)).toEqual({ status: 'miss', stored: true, text: body })
      expect(await read(harbor, api, false)).toMatchObject({ status: 'hit', text: body })
      expect(provider.counts().calls).toBe(1)
    }
  })

  it('that is an error is never cached', async () => {
    const faults: readonly (readonly [Api, boolean, Fault])[] = [
      ...STREAMS.filter(({ isError }) => isError).map(
        (recording) => [recording.api, true, played(recording)] as const,
      ),
      ...ANSWERS.filter(({ isError }) => isError).flatMap(({ api, body }) => [
        [api, false, { type: 'play-json', status: 429, body }] as const,
        [api, true, { type: 'play-json', body }] as const,
      ]),
    ]
    expect(faults.length).toBeGreaterThanOrEqual(3)
    for (const [api, stream, fault] of faults) {
      const provider = await simulate()
      const harbor = harborFor(provider, OPTIONS)
      provider.fail(fault)
      expect(await failureOf(read(harbor, api, stream))).toMatchObject({ status: 429 })
      expect((await read(harbor, api, stream)).status).toBe('miss')
      expect(harbor.stats().cache.stored).toBe(1)
    }
  })

  it.each(COMPLETE)('that was cut is never cached: $api/$name', async (recording) => {
    const { lines } = recording
    for (const afterEvents of new Set([Math.ceil(lines.length / 2), lines.length - 1])) {
      const provider = await simulate()
      const harbor = harborFor(provider, OPTIONS)
      provider.fail({ ...played(recording), then: { type: 'stream-cut', afterEvents } })
      await read(harbor, recording.api, true).catch(() => undefined)
      expect(harbor.stats().cache, `cut after ${afterEvents} of ${lines.length}`).toMatchObject({
        stored: 0,
        entries: 0,
      })
    }
  })

  it.each(COMPLETE.filter(({ api }) => api === 'chat'))(
    'that was ended by its limit or a filter is not cached: $name',
    async (recording) => {
      for (const [reason, refusal] of [
        ['length', 'length'],
        ['content_filter', 'content-filter'],
      ] as const) {
        const provider = await simulate()
        const harbor = harborFor(provider, OPTIONS)
        provider.fail(played(endedBy(recording, reason)))
        expect((await read(harbor, 'chat', true)).stored).toBe(refusal)
        expect(harbor.stats().cache).toMatchObject({ stored: 0, refused: { [refusal]: 1 } })
      }
    },
  )
})

function endedBy(recording: StreamRecording, reason: string): StreamRecording {
  const lines = recording.lines.map((line) =>
    line.replace(/"finish_reason":\s*"[a-z_]+"/g, `"finish_reason":"${reason}"`),
  )
  expect(lines).not.toEqual(recording.lines)
  return { ...recording, lines }
}
