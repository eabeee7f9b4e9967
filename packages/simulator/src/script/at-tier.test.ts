import { describe, expect, it } from 'vitest'
import { post } from '../../test/wire.ts'
import { useSimulator } from '../testing/vitest.ts'
import type { ProviderScript } from './script.ts'

const provider = useSimulator({}, { time: 'virtual' })
const minute = 60_000
const messages = [{ role: 'user', content: 'What is a harbour?' }]
const contents = [{ role: 'user', parts: [{ text: 'What is a harbour?' }] }]
const version = { 'anthropic-version': '2023-06-01' }

/** A request at the tier `flex`, the status of a refusal, and the tier that an answer reports, of each vendor. */
const vendors = [
  {
    vendor: 'OpenAI (chat)',
    path: '/chat/completions',
    body: { model: 'gpt-5', messages, service_tier: 'flex' },
    refused: { status: 429, text: 'resource_unavailable' },
    reported: '"service_tier":"flex"',
  },
  {
    vendor: 'OpenAI (Responses)',
    path: '/responses',
    body: { model: 'gpt-5', input: 'What is a harbour?', service_tier: 'flex' },
    refused: { status: 429, text: 'resource_unavailable' },
    reported: '"service_tier":"flex"',
  },
  {
    vendor: 'Anthropic',
    path: '/messages',
    headers: version,
    body: { model: 'claude-sonnet-4-6', max_tokens: 64, messages, service_tier: 'flex' },
    refused: { status: 529, text: 'overloaded_error' },
    reported: '"service_tier":"flex"',
  },
  {
    vendor: 'Google',
    path: '/models/gemini-2.5-pro:generateContent',
    body: { contents, serviceTier: 'flex' },
    refused: { status: 503, text: 'UNAVAILABLE' },
    reported: '"trafficType": "ON_DEMAND_FLEX"',
  },
] as const

type Vendor = (typeof vendors)[number]

/** Sends a request of a vendor, lets time pass, and returns the answer. */
async function ask({ path, body, ...vendor }: Vendor, ms = 0) {
  const answering = post(provider, path, body, { headers: 'headers' in vendor ? vendor.headers : {} })
  await provider.advance(ms)
  return answering
}

const flex = (script: NonNullable<ProviderScript['tiers']>[string]): ProviderScript => ({
  tiers: { flex: script },
})

describe('a service tier of the simulator', () => {
  it.each(vendors)('refuses in its spells as $vendor does, without its latency', async (vendor) => {
    provider.script(flex({ latency: minute, refusedIn: [{ from: 0, to: minute, everyMs: 3 * minute }] }))
    const { status, body } = await ask(vendor)
    expect([status, body]).toEqual([vendor.refused.status, expect.stringContaining(vendor.refused.text)])
    await provider.advance(minute)
    expect((await ask(vendor, minute)).status).toBe(200)
  })

  it.each(vendors)('has its own latency and is named in the answer, as $vendor does it', async (vendor) => {
    provider.script({ latency: 1_000, ...flex({ latency: 5 * minute }) })
    const answering = ask(vendor, 5 * minute)
    const { status, body } = await answering
    expect([status, body]).toEqual([200, expect.stringContaining(vendor.reported)])
    expect(provider.counts().inFlight).toBe(0)
  })

  it('is refused at random with the given share, in the same calls after a reset', async () => {
    provider.script(flex({ refusedShare: 0.3 }))
    const statuses = async () => {
      provider.reset()
      const all: unknown[] = []
      for (let call = 0; call < 60; call++) all.push((await ask(vendors[0])).status)
      return all
    }
    const first = await statuses()
    const refused = first.filter((status) => status === 429).length
    expect(refused).toBeGreaterThan(6)
    expect(refused).toBeLessThan(33)
    expect(await statuses()).toEqual(first)
  })

  it('changes nothing for requests at another tier', async () => {
    provider.script(flex({ refusedShare: 1, latency: minute }))
    const answer = await post(provider, '/chat/completions', { model: 'gpt-5', messages })
    expect(answer.status).toBe(200)
    expect(answer.body).toContain('"service_tier":"default"')
  })

  it('comes after the rules of the script', async () => {
    provider.script({ ...flex({ refusedShare: 1 }), rules: [{ fault: { type: 'status', status: 500 } }] })
    expect((await ask(vendors[0])).status).toBe(500)
  })

  it('says when to try again', async () => {
    provider.script(flex({ refusedShare: 1, retryAfter: '7' }))
    expect((await ask(vendors[0])).headers['retry-after']).toBe('7')
  })

  it('is checked', () => {
    const wrong = [{ flex: { refusedShare: 2 } }, { flex: { latancy: 1 } }, ['flex']] as never[]
    for (const tiers of wrong) expect(() => provider.script({ tiers })).toThrow(TypeError)
  })
})
