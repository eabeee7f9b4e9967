import { describe, expect, it } from 'vitest'
import { OptionError } from '../base/errors.ts'
import type { HarborFetchOptions } from '../harbor-fetch.ts'
import type { Operation } from '../protocols/protocol.ts'
import { operationOfBody } from '../protocols/registry.ts'
import { formatAt } from '../targets/providers.ts'
import type { Routes } from '../targets/routes.ts'
import { settleOptions } from './settle-options.ts'

const CHAT = operationOfBody({ messages: [] })
const MESSAGES: Operation = { ...CHAT, protocol: 'anthropic-messages', vendor: 'anthropic' }
const GENERATE: Operation = { ...CHAT, protocol: 'gemini-generate', vendor: 'google' }
const ROOT = 'https://root.example'

function routesOf(options: HarborFetchOptions): Routes {
  return settleOptions(options, { isFetch: true }).policy.routes
}

function namesFor(routes: Routes, model: string, operation: Operation): readonly string[] {
  return routes.planFor(model, ROOT, operation).outage.map(({ name }) => name)
}

describe('the default provider of a fetch', () => {
  it('is named after the vendor of the protocol', () => {
    const routes = routesOf({})
    expect(namesFor(routes, 'gpt-4', CHAT)).toEqual(['openai/gpt-4'])
    expect(namesFor(routes, 'claude', MESSAGES)).toEqual(['anthropic/claude'])
    expect(namesFor(routes, 'gemini', GENERATE)).toEqual(['google/gemini'])
  })

  it('is named client where an entry of the vendor has an address or a key, and only there', () => {
    const routes = routesOf({ providers: { anthropic: { kind: 'anthropic', apiKey: 'k' } } })
    expect(namesFor(routes, 'claude', MESSAGES)).toEqual(['client/claude'])
    expect(namesFor(routes, 'gpt-4', CHAT)).toEqual(['openai/gpt-4'])
    expect(namesFor(routes, 'anthropic/claude', MESSAGES)).toEqual(['anthropic/claude'])
  })

  it('has the settings of an entry of its name that has neither', () => {
    const routes = routesOf({ providers: { anthropic: { quotaGroup: 'shared' } } })
    const [target] = routes.planFor('claude', ROOT, MESSAGES).outage
    expect(target).toMatchObject({ name: 'anthropic/claude', quotaGroup: 'shared' })
  })

  it('is the provider of a name without one in a chain, and of the settings of a model', () => {
    const routes = routesOf({
      fallback: ['spare', 'google/gemini-spare'],
      models: { spare: { weight: 3 } },
    })
    expect(namesFor(routes, 'm', CHAT)).toEqual(['openai/m', 'openai/spare', 'google/gemini-spare'])
    expect(namesFor(routes, 'm', MESSAGES)).toEqual(['anthropic/m', 'anthropic/spare', 'google/gemini-spare'])
    expect(routes.planFor('m', ROOT, MESSAGES).outage[1]?.weight).toBe(3)
    expect(routes.planWith(['other'], 'm', ROOT, GENERATE).outage[1]?.name).toBe('google/other')
  })

  it('serves no protocol of another vendor, since the requests carry the credential of their own', () => {
    const routes = routesOf({ fallback: ['anthropic/claude'] })
    const [, claude] = routes.planFor('gpt-4', ROOT, CHAT).outage
    const provider = claude && routes.providerOf(claude)
    expect(provider && formatAt(provider, CHAT)).toBeUndefined()
    expect(provider && formatAt(provider, MESSAGES)).toMatchObject({ kind: 'anthropic', native: true })
  })

  it('cannot be of another kind than its vendor', () => {
    const make = (): Routes => routesOf({ providers: { openai: { kind: 'anthropic' } } })
    expect(make).toThrow(OptionError)
    expect(make).toThrow('providers.openai has no key and no address, so it configures')
  })
})
