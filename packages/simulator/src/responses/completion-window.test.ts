import OpenAI from 'openai'
import { describe, expect, it, onTestFinished } from 'vitest'
import { type BackgroundScript, startSimulator } from '../index.ts'

const HOUR_MS = 3_600_000

async function setUp(background: BackgroundScript = {}) {
  const simulator = await startSimulator({ time: 'virtual', providers: { openai: { background } } })
  onTestFinished(() => simulator.close())
  const provider = simulator.provider()
  const client = new OpenAI({ apiKey: 'key', baseURL: provider.baseURL, maxRetries: 0 })
  // This version of the SDK does not know the field, but sends it.
  const create = (window: unknown, fields: object = {}, input = 'What is a harbour?') =>
    client.responses.create({
      model: 'gpt-5',
      input,
      background: true,
      ...{ background_options: { completion_window: window } },
      ...fields,
    })
  const statuses = (ids: readonly string[]) =>
    Promise.all(ids.map(async (id) => (await client.responses.retrieve(id)).status))
  return { simulator, provider, client, create, statuses }
}

describe('a response with a completion window', () => {
  it('takes the time of its window, and names the window in its answer', async () => {
    const { simulator, client, create, statuses } = await setUp({
      runMs: 1_000,
      windows: { '2h': { queuedMs: HOUR_MS, runMs: 60_000 } },
    })
    const { id } = await create('2h')
    const others = [(await create('soonest')).id, (await create('8h')).id]
    await simulator.advance(1_000)
    expect(await statuses([id, ...others])).toEqual(['queued', 'completed', 'completed'])
    await simulator.advance(HOUR_MS)
    expect(await statuses([id])).toEqual(['in_progress'])
    await simulator.advance(59_000)
    expect(await client.responses.retrieve(id)).toMatchObject({
      status: 'completed',
      service_tier: 'default',
      background_options: { completion_window: '2h' },
    })
  })

  it('ends after its window, in a share of the responses', async () => {
    const { simulator, create, statuses } = await setUp({
      windows: { '2h': { runMs: HOUR_MS, late: { share: 0.5, byMs: 10 * 60_000 } } },
    })
    const ids = await Promise.all(
      Array.from({ length: 40 }, async (_, index) => (await create('2h', {}, `Question ${index}`)).id),
    )
    await simulator.advance(2 * HOUR_MS + 10 * 60_000 - 1)
    const late = (await statuses(ids)).filter((status) => status === 'in_progress').length
    expect(late).toBeGreaterThan(10)
    expect(late).toBeLessThan(30)
    await simulator.advance(1)
    expect(new Set(await statuses(ids))).toEqual(new Set(['completed']))
  })

  it('fails with an error and without usage, by its script', async () => {
    const { provider, client, create } = await setUp({ windows: { '8h': { failedShare: 1 } } })
    const { id } = await create('8h')
    expect(await client.responses.retrieve(id)).toMatchObject({
      status: 'failed',
      error: { code: 'server_error' },
      usage: null,
    })
    expect(provider.counts().tokens.output).toBe(0)
  })

  it('can be cancelled', async () => {
    const { simulator, client, create, statuses } = await setUp({ windows: { '2h': { runMs: HOUR_MS } } })
    const { id } = await create('2h')
    await simulator.advance(60_000)
    await client.responses.cancel(id)
    await simulator.advance(HOUR_MS)
    expect(await statuses([id])).toEqual(['cancelled'])
  })

  it('can be refused, apart from others', async () => {
    const { provider, create } = await setUp()
    const when = { says: '"completion_window":"2h"' }
    provider.script({ rules: [{ when, fault: { type: 'tier-unavailable' } }] })
    await expect(create('2h')).rejects.toMatchObject({ status: 429 })
    expect(await create('8h')).toMatchObject({ status: 'queued' })
  })

  it.each([
    ['1h', {}, 'background_options.completion_window'],
    ['2h', { background: false }, 'background_options'],
    ['8h', { stream: true }, 'stream'],
    ['2h', { service_tier: 'flex' }, 'service_tier'],
  ])('is refused: %s with %j', async (window, fields, param) => {
    const { create } = await setUp()
    await expect(create(window, fields)).rejects.toMatchObject({ status: 400, param })
  })

  it('has a script that is checked', async () => {
    const { provider } = await setUp()
    const script = (background: unknown) => () =>
      provider.script({ background: background as BackgroundScript })
    expect(script({ windows: { '2h': { late: { share: 2, byMs: 1 } } } })).toThrow(
      'background.windows.2h.late.share must be a number from 0 to 1',
    )
    expect(script({ windows: { '4h': {} } })).toThrow("background.windows has an unknown key '4h'")
  })
})
