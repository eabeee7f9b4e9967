import OpenAI from 'openai'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createHarborFetch, Harbor, OptionError, perCall } from '../src/index.ts'
import { harborFor, HELLO, simulate } from './helpers/harbor-for.ts'

beforeEach(() => {
  vi.stubEnv('OPENAI_API_KEY', undefined)
})
afterEach(() => {
  vi.unstubAllEnvs()
})

const KEY = { apiKey: 'test-key' }

describe('an invalid option', () => {
  it.each<[Record<string, unknown>, RegExp]>([
    [{ retires: 3 }, /^Unknown option retires\. Did you mean maxRetries\?/],
    [{ timeout: -1 }, /^timeout must be a number of milliseconds above 0 .*, got -1\.$/],
    [{ timeout: Infinity }, /^timeout must be a number of milliseconds above 0 .*, got Infinity\.$/],
    [{ timeout: '30s' }, /^timeout must be .*, got a string\.$/],
    [{ maxRetries: -1 }, /^maxRetries must be a whole number of at least 0, got -1\.$/],
    [{ maxRetries: 1.5 }, /^maxRetries must be a whole number of at least 0, got 1\.5\.$/],
    [{ maxRetries: 1, retry: { maxAttempts: 5 } }, /maxRetries: 1 .* 5 attempts contradict each other/],
    [{ retry: true }, /^retry must be an object of options, or false to switch it off, got true\.$/],
    [{ retry: { maxAttempts: 0 } }, /maxAttempts must be a whole number of at least 1, got 0/],
    [{ retry: { baseDelay: 5 } }, /baseDelay.*did you mean baseDelayMs/i],
    [{ retry: { baseDelayMs: -5 } }, /baseDelayMs must be .*, got -5/],
    [{ retry: { deadlineMs: 5 } }, /^retry\.deadlineMs is set by Harbor/],
    [{ timeouts: { idleMS: 5 } }, /^Unknown option timeouts\.idleMS\. Did you mean timeouts\.idleMs\?$/],
    [{ timeouts: { idleMs: 0 } }, /^timeouts\.idleMs must be .*, got 0\.$/],
    [{ timeouts: { firstTokenMs: Number.NaN } }, /^timeouts\.firstTokenMs must be .*, got NaN\.$/],
    [{ baseURL: 'localhost:8080' }, /^baseURL must be an absolute URL such as/],
    [{ apiKey: 42 }, /^apiKey must be a non-empty string, or a function/],
    [{ apiKey: '' }, /^apiKey must be a non-empty string.*, got an empty string/],
    [{ fetch: 'fetch' }, /^fetch must be a function/],
    [{ logLevel: 'loud' }, /^logLevel must be one of off, error, warn, info, debug/],
    [{ pool: { conections: 5 } }, /conections.*connections/],
    [{ pool: { connections: -5 } }, /connections must be .*-5/],
    [{ pool: {}, fetch }, /pool and fetch cannot be given together/],
    [{ provider: {} }, /^provider must be left out: it needs the SDK's own fetch/],
    [{ workloadIdentity: {} }, /^workloadIdentity must be left out/],
  ])('is refused with a message that names it: %o', (options, message) => {
    const make = (): Harbor => new Harbor({ ...KEY, ...options })
    expect(make).toThrow(OptionError)
    expect(make).toThrow(message)
  })

  it('is refused without repeating a secret in the message', () => {
    expect(() => new Harbor({ ...KEY, baseURL: 'sk-secret' })).toThrow(/^(?!.*sk-secret)/)
    expect(() => new Harbor({ ...KEY, timeout: 'sk-secret' as never })).toThrow(/^(?!.*sk-secret)/)
  })

  it('is reported when the key is missing', () => {
    expect(() => new Harbor()).toThrow(OpenAI.OpenAIError)
    expect(() => new Harbor()).toThrow(/apiKey.*OPENAI_API_KEY/)
  })

  it('is refused by createHarborFetch if it belongs to the client', () => {
    expect(() => createHarborFetch(KEY as object)).toThrow(
      /^apiKey belongs to the client that uses this fetch/,
    )
    expect(() => createHarborFetch({ retries: 3 } as object)).toThrow(
      /^Unknown option retries\. Did you mean maxRetries\?/,
    )
  })

  it('is refused in perCall(), too', () => {
    expect(() => perCall({ cahce: true } as object)).toThrow(OptionError)
    expect(() => perCall({ timeouts: { idleMs: -1 } })).toThrow(/^timeouts\.idleMs must be/)
  })

  it('is refused as the name of an event', async () => {
    const harbor = harborFor(await simulate())
    expect(() => harbor.on('retries' as 'retry', () => undefined)).toThrow(
      /knows the events call, attempt, retry, fallback, breaker, fleet, alert, bulk, content, end; got retries/,
    )
    expect(() => harbor.on('retry', 'log' as never)).toThrow("on('retry') needs a listener function.")
  })

  it('may be undefined, as it comes from process.env', () => {
    expect(
      () =>
        new Harbor({
          ...KEY,
          organization: process.env['NO_SUCH'],
          retry: undefined,
          timeouts: { idleMs: undefined },
        }),
    ).not.toThrow()
  })
})

describe('a broken environment', () => {
  it.each([
    ['nothing listens', 'http://127.0.0.1:1/v1', /127\.0\.0\.1:1.*base URL/s],
    ['the host does not exist', 'http://no-such-host.invalid/v1', /no-such-host\.invalid/],
  ])('gives a connection error that names the place: %s', async (_, baseURL, message) => {
    const harbor = new Harbor({ ...KEY, baseURL, retry: { baseDelayMs: 1 }, logLevel: 'off' })
    const error: unknown = await harbor.chat.completions.create(HELLO).catch((error: unknown) => error)
    expect(error).toBeInstanceOf(OpenAI.APIConnectionError)
    expect(error).not.toBeInstanceOf(OpenAI.APIConnectionTimeoutError)
    expect((error as Error).message).toMatch(message)
    await harbor.close()
  })

  it('gives an error that names a server with another protocol', async () => {
    const provider = await simulate({ providers: { openai: { rules: [{ fault: { type: 'html-200' } }] } } })
    const error: unknown = await harborFor(provider)
      .chat.completions.create(HELLO)
      .catch((error: unknown) => error)
    expect(error).toMatchObject({
      status: 502,
      code: 'malformed_answer',
      message: expect.stringMatching(/web page.*baseURL/s) as string,
    })
  })

  it('gives an error with a code when the client is closed', async () => {
    const provider = await simulate()
    const harbor = harborFor(provider)
    await harbor.close()
    await expect(harbor.chat.completions.create(HELLO)).rejects.toMatchObject({
      status: 503,
      code: 'client_closed',
    })
  })
})
