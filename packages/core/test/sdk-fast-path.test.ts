import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import { HarborResponse } from '../src/call/harbor-response.ts'
import { createHarborFetch, Harbor, OptionError, receiptOf, type HarborOptions } from '../src/index.ts'
import { ParsedStream } from '../src/openai-sdk/parsed-stream.ts'
import { RequestTemplates } from '../src/openai-sdk/request-templates.ts'
import { describeFastPath } from './helpers/fast-path.ts'
import { CHUNK, COMPLETION, collect, events, json, REQUEST, scripted } from './helpers/sdk-versions.ts'

const STREAM = [CHUNK, CHUNK.replace('"delta"', '"finish_reason":"stop","delta"'), 'data: [DONE]\n\n']

afterEach(() => {
  vi.unstubAllEnvs()
  vi.restoreAllMocks()
})

function client(options: HarborOptions = {}, answer = json(COMPLETION)): Harbor {
  const harbor = new Harbor({ apiKey: 'key', logLevel: 'off', ...options, fetch: scripted(answer) })
  onTestFinished(() => harbor.close())
  return harbor
}

/** The parts of the fast path that calls use: of three calls with the same kind of request, and of a stream. */
async function partsUsed(options: HarborOptions): Promise<string[]> {
  const parts = {
    templates: vi.spyOn(RequestTemplates.prototype, 'find'),
    learning: vi.spyOn(RequestTemplates.prototype, 'learn'),
    'parsed JSON': vi.spyOn(HarborResponse.prototype, 'takeJson'),
    'parsed stream': vi.spyOn(ParsedStream, 'fromSSEResponse'),
  }
  const harbor = client(options)
  for (let turn = 0; turn < 3; turn++) {
    const answer = await harbor.chat.completions.create(REQUEST)
    expect(answer).toEqual(COMPLETION)
    expect(receiptOf(answer)).toMatchObject({ outcome: 'success' })
  }
  const stream = await client(options, events(STREAM)).chat.completions.create({ ...REQUEST, stream: true })
  expect(await collect(stream)).toHaveLength(2)
  expect(receiptOf(stream)).toMatchObject({ outcome: 'success' })
  return Object.entries(parts).flatMap(([name, part]) => (part.mock.calls.length > 0 ? [name] : []))
}

describeFastPath('the fast path', () => {
  it('is used by default', async () => {
    expect(await partsUsed({})).toEqual(['templates', 'learning', 'parsed JSON', 'parsed stream'])
    expect(client().explain().sdkFastPath).toEqual({ enabled: true, reason: undefined })
  })

  it('is not used by calls that the SDK logs, by subclasses, and where a method was replaced; explain() says so', () => {
    class Own extends Harbor {}
    const own = new Own({ apiKey: 'key' })
    onTestFinished(() => own.close())
    const hooked = client()
    Object.assign(hooked, { buildRequest: async () => Promise.reject(new Error('never')) })
    expect([client({ logLevel: 'debug' }), own, hooked].map((each) => each.explain().sdkFastPath)).toEqual([
      { enabled: false, reason: 'logLevel is debug' },
      { enabled: false, reason: 'the client is of a class of your own' },
      { enabled: false, reason: 'buildRequest was replaced' },
    ])
  })
})

describe('without the fast path', () => {
  it('calls use none of it with sdkFastPath: false', async () => {
    const options = { sdkFastPath: false }
    expect(await partsUsed(options)).toEqual([])
    vi.stubEnv('HARBOR_OPENAI_SDK', undefined)
    const reason = { enabled: false, reason: 'sdkFastPath: false' }
    expect(client(options).explain().sdkFastPath).toEqual(reason)
    expect(client(options).withOptions({ maxRetries: 1 }).explain().sdkFastPath).toEqual(reason)
    expect(client().withOptions(options).explain().sdkFastPath).toEqual(reason)
  })

  it('calls use none of it with HARBOR_OPENAI_SDK=plain, whatever the option says', async () => {
    vi.stubEnv('HARBOR_OPENAI_SDK', 'plain')
    expect(await partsUsed({ sdkFastPath: true })).toEqual([])
    expect(client({ sdkFastPath: true }).explain().sdkFastPath).toEqual({
      enabled: false,
      reason: 'HARBOR_OPENAI_SDK=plain',
    })
  })
})

describe('the switches', () => {
  it('warn about a value of HARBOR_OPENAI_SDK that has no effect', () => {
    vi.stubEnv('HARBOR_OPENAI_SDK', 'off')
    const warn = vi.fn()
    const logger = { error: warn, warn, info: warn, debug: warn }
    client({ logger, logLevel: 'warn' })
    expect(warn.mock.calls).toEqual([
      ["[harbor] HARBOR_OPENAI_SDK must be 'plain' or not set, and is ignored."],
    ])
  })

  it('refuse a value that is no boolean, and a place where they have no effect', () => {
    const options = { sdkFastPath: 'off' as never }
    expect(() => client(options)).toThrow(OptionError)
    expect(() => client(options)).toThrow('sdkFastPath must be true or false')
    expect(() => createHarborFetch({ sdkFastPath: false } as object)).toThrow(
      'sdkFastPath belongs to the client that uses this fetch',
    )
  })
})
