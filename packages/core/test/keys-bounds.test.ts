import { describe, expect, it } from 'vitest'
import { operationOfBody } from '../src/protocols/registry.ts'
import { nativeProvider } from '../src/targets/providers.ts'
import { KeyRings } from '../src/routing/key-rings.ts'
import { StickyTargets, type Conversing } from '../src/routing/sticky-targets.ts'
import type { Target } from '../src/reporting/target.ts'

const operation = operationOfBody({ messages: [] })
const target = (name: string): Target =>
  ({ name, provider: 'openai', baseURL: 'https://a' }) as unknown as Target

describe('state of many accounts, models and conversations', () => {
  it('has a bound for the accounts and models of keys', () => {
    const rings = new KeyRings()
    const provider = nativeProvider('openai', 'https://a', { apiKey: ['key-a', 'key-b'] })
    for (let account = 0; account < 3_000; account++) {
      const headers = new Headers({ 'x-tenant': `${account}` })
      const request = { headers, keys: provider.keys, operation }
      const [key] = rings.usable(provider, request) ?? []
      for (let model = 0; model < 150; model++) {
        key?.roomFor(`model ${model}`).use()
        if (key && account === 0) rings.use(key, target(`openai/${model}`), provider, request)
      }
      expect(key?.models).toBeLessThanOrEqual(100)
    }
    expect(rings.size).toBe(1_000)
    rings.forget()
    expect(rings.size).toBe(0)
  })

  it('has a bound for the targets of conversations, and forgets the least recent ones', () => {
    const sticky = new StickyTargets()
    const chain = [target('openai/a'), target('openai/b')]
    const [, second] = chain as [Target, Target]
    const headers = new Headers()
    const request = (session: string): Conversing => ({
      headers,
      perCall: { session },
      policy: {} as Conversing['policy'],
    })
    for (let call = 0; call < 25_000; call++) {
      sticky.note(request(`${call}`), chain, second)
      if (call % 5_000 === 0) sticky.note(request('0'), chain, second)
    }
    expect(sticky.size).toBe(10_000)
    const stays = (session: string): unknown => sticky.of(request(session), chain, () => true)
    expect([stays('0'), stays('24999'), stays('14000')]).toEqual([second, second, undefined])
  })
})
