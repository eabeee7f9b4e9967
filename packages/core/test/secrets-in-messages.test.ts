import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { inspect } from 'node:util'
import {
  createHarborFetch,
  Harbor,
  OptionError,
  type HarborFetchOptions,
  type HarborOptions,
} from '../src/index.ts'
import { rejection } from './helpers/sdk-versions.ts'

const SECRET = 'sk-SECRET0123\n# the second line of a file'
const BODY = { model: 'm', messages: [] }

function complaint(options: HarborOptions): unknown {
  try {
    new Harbor({ apiKey: 'key', ...options })
  } catch (error) {
    return error
  }
  return undefined
}

describe('an option with a character that no header may contain', () => {
  it.each<[string, HarborOptions]>([
    ['apiKey', { apiKey: SECRET }],
    ['adminAPIKey', { adminAPIKey: SECRET }],
    ['organization', { organization: SECRET }],
    ['project', { project: SECRET }],
    ["defaultHeaders['x-gateway-key']", { defaultHeaders: { 'x-gateway-key': SECRET } }],
    ['providers.b.apiKey', { providers: { b: { apiKey: 'sk-SECRET\u201d' } } }],
    ['providers.b.apiKey', { providers: { b: { apiKey: 'sk-SECRET\u0000' } } }],
    ["providers.b.headers['x-key']", { providers: { b: { apiKey: 'key', headers: { 'x-key': SECRET } } } }],
  ])('is refused at construction, by name and without the value: %s', (name, options) => {
    const error = complaint(options)
    expect(error).toBeInstanceOf(OptionError)
    expect(error).toMatchObject({ option: name, message: expect.stringContaining(name) as string })
    expect(inspect(error)).not.toContain('SECRET')
  })

  it('is refused by createHarborFetch, for copies and in the environment, too', () => {
    const options: HarborFetchOptions = { providers: { b: { apiKey: SECRET } } }
    expect(() => createHarborFetch(options)).toThrow(/^providers\.b\.apiKey contains a line break/)
    const harbor = new Harbor({ apiKey: 'key' })
    onTestFinished(() => harbor.close())
    expect(() => harbor.withOptions({ apiKey: SECRET })).toThrow(/^apiKey contains a line break/)
    vi.stubEnv('OPENAI_API_KEY', SECRET)
    onTestFinished(() => void vi.unstubAllEnvs())
    expect(() => new Harbor()).toThrow(/^OPENAI_API_KEY contains a line break/)
  })

  it('is accepted if it is only whitespace around the value, which is not sent', () => {
    expect(
      complaint({ apiKey: ' key\n', organization: null, defaultHeaders: { a: 'b\r\n', c: null } }),
    ).toBeUndefined()
  })
})

describe('the error of a call', () => {
  it('does not contain the value of a header', async () => {
    const harbor = new Harbor({ apiKey: 'key', logLevel: 'off', fetch: async () => Response.json({}) })
    onTestFinished(() => harbor.close())
    const error = await rejection(harbor.chat.completions.create(BODY, { headers: { 'x-key': SECRET } }))
    expect(inspect(error)).not.toContain('SECRET')
    expect((error as Error).message).toMatch(/^A header of this call .* line break/)
  })
})

describe('a secret in a base URL', () => {
  const baseURL = 'http://user:SECRET@127.0.0.1:9/v1?key=SECRET'

  it('does not appear in explain()', () => {
    const harbor = new Harbor({ apiKey: 'key', baseURL, providers: { b: { apiKey: 'key', baseURL } } })
    onTestFinished(() => harbor.close())
    const explained = harbor.explain({ model: 'b/m' })
    expect(JSON.stringify(explained)).not.toContain('SECRET')
    expect(explained.providers).toMatchObject({
      openai: { baseURL: 'http://127.0.0.1:9/v1' },
      b: { baseURL: 'http://127.0.0.1:9/v1' },
    })
  })

  it('does not appear in errors and log lines', async () => {
    const lines: string[] = []
    const log = (line: string): void => void lines.push(line)
    const harbor = new Harbor({
      apiKey: 'key',
      baseURL: 'http://127.0.0.1:9/v1?key=SECRET',
      providers: { b: { apiKey: 'key', baseURL: 'http://127.0.0.1:9/v1?key=SECRET' } },
      fallback: ['b/m'],
      retry: { baseDelayMs: 1 },
      logLevel: 'info',
      logger: { debug: log, info: log, warn: log, error: log },
    })
    onTestFinished(() => harbor.close())
    const error = await rejection(harbor.chat.completions.create(BODY))
    expect(inspect(error, { depth: 9 })).not.toContain('SECRET')
    expect(lines.filter((line) => line.includes('SECRET'))).toEqual([])
    expect(lines.length).toBeGreaterThan(0)
  })
})
