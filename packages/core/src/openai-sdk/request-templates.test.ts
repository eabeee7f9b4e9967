import { describe, expect, it } from 'vitest'
import type { CallOptions, SdkClient } from './contract.ts'
import { RequestTemplates } from './request-templates.ts'

const URL = 'https://provider.test/v1/chat/completions'
const CLIENT = { apiKey: 'key', baseURL: 'https://provider.test/v1' } as SdkClient
const CALL: CallOptions = { method: 'post', path: '/chat/completions', body: { model: 'm' } }

/** Templates that have learned one request for each of these headers, all of the same call. */
function templatesAfter(...headers: Record<string, string>[]): RequestTemplates {
  const templates = new RequestTemplates()
  for (const each of headers) {
    templates.learn(CLIENT, CALL, URL, { method: 'post', headers: each, body: JSON.stringify(CALL.body) })
  }
  return templates
}

describe('request templates', () => {
  it('are trusted once the SDK has built the same headers twice', () => {
    expect(templatesAfter({ a: '1' }).find(CLIENT, CALL)).toBeUndefined()
    const template = templatesAfter({ a: '1' }, { a: '1' }).find(CLIENT, CALL)
    expect(template).toMatchObject({ url: URL })
    expect([...(template?.headers ?? [])]).toEqual([['a', '1']])
  })

  it('are never used when the SDK builds other headers for the same call', () => {
    const templates = templatesAfter({ a: '1' }, { a: '2' }, { a: '2' }, { a: '2' })
    expect(templates.find(CLIENT, CALL)).toBeUndefined()
  })

  it('are not used for a call that differs in anything but its body', () => {
    const templates = templatesAfter({ a: '1' }, { a: '1' })
    expect(templates.find(CLIENT, { ...CALL, body: { model: 'n' } })).toBeDefined()
    for (const other of [
      { timeout: 5 },
      { query: {} },
      { headers: {} },
      { stream: true },
      { method: 'get' },
    ]) {
      expect(templates.find(CLIENT, { ...CALL, ...other }), JSON.stringify(other)).toBeUndefined()
    }
    expect(templates.find({ ...CLIENT, apiKey: 'other' }, CALL)).toBeUndefined()
  })

  it('are kept for a limited number of paths and kinds', () => {
    const templates = templatesAfter({ a: '1' }, { a: '1' })
    for (let timeout = 1; timeout <= 20; timeout++) templates.learn(CLIENT, { ...CALL, timeout }, URL, {})
    expect(templates.find(CLIENT, CALL)).toBeUndefined()
  })
})
