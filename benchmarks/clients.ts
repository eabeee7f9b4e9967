import { createOpenAI } from '@ai-sdk/openai'
import { createHarborFetch, Harbor, receiptOf, type HarborOptions } from '@harbor/core'
import { createPool } from '@harbor/pool'
import { generateText, streamText } from 'ai'
import OpenAI from 'openai'
import { group, type Call, type Open } from './subject.ts'
import { byWire } from './wire.ts'

/**
 * All policies on and none of them limiting: a chain of two, a cache that stores and never hits, limits that are never reached, a
 * price. Retries, the breaker and receipts are on by default. The second target has a key of its own: with the same one it would be skipped.
 */
const policies = (baseURL: string) =>
  ({
    fallback: { providers: { backup: { apiKey: 'another key', baseURL } }, fallback: ['backup/m'] },
    cache: { cache: true },
    limits: {
      limits: { requestsPerMinute: 60_000_000, tokensPerMinute: 60_000_000_000, maxConcurrency: 10_000 },
    },
    prices: { models: { m: { price: { inputPerMillion: 1, outputPerMillion: 2 } } } },
  }) satisfies Record<(typeof POLICIES)[number], HarborOptions>

const POLICIES = ['fallback', 'cache', 'limits', 'prices'] as const

function armed(baseURL: string): HarborOptions {
  const { fallback, cache, limits, prices } = policies(baseURL)
  return { ...fallback, ...cache, ...limits, ...prices }
}

/** The subjects of the benches of whole calls, all with the same provider. */
export const OPENAI = '`openai`'
export const ON_POOL = '`openai` on `pool.fetch`'
export const DEFAULTS = 'Harbor, defaults'
export const ALL = 'Harbor, all policies armed'
export const FETCH = '`openai` on `createHarborFetch`'
export const AI_SDK = 'Vercel AI SDK'
export const WIRE = '`undici.request` alone'

let asked = 0
const another = (): string => `Question ${++asked}: say something of a kilobyte.`
const ask = () => ({ model: 'm', temperature: 0, messages: [{ role: 'user' as const, content: another() }] })

const sdkFor = (baseURL: string) => ({ baseURL, apiKey: 'key' })
const harborFor = (baseURL: string, options: HarborOptions = {}) =>
  new Harbor({ ...sdkFor(baseURL), ...options })

/** The SDK on the given fetch. */
const onPool = (baseURL: string) => new OpenAI({ ...sdkFor(baseURL), fetch: createPool().fetch })
const onHarborFetch = (baseURL: string) =>
  new OpenAI({ ...sdkFor(baseURL), fetch: createHarborFetch(), maxRetries: 0 })

/** A call with a JSON answer. Each call has a different prompt. */
export const json = group(import.meta.filename, 'json', {
  [OPENAI]: (baseURL) => wholeBy(new OpenAI(sdkFor(baseURL))),
  [ON_POOL]: (baseURL) => wholeBy(onPool(baseURL)),
  [DEFAULTS]: (baseURL) => wholeBy(harborFor(baseURL)),
  [ALL]: (baseURL) => {
    const call = wholeBy(harborFor(baseURL, armed(baseURL)))
    return async () => {
      if (receiptOf(await call())?.attempts.length !== 1) throw new Error('not one attempt')
    }
  },
  [AI_SDK]: (baseURL) => {
    const model = createOpenAI(sdkFor(baseURL)).chat('m')
    return () => generateText({ model, temperature: 0, prompt: another() })
  },
  [WIRE]: byWire('json', ask),
})

/** The same with a stream, which is read to its end. */
export const stream = group(import.meta.filename, 'stream', {
  [OPENAI]: (baseURL) => streamedBy(new OpenAI(sdkFor(baseURL))),
  [ON_POOL]: (baseURL) => streamedBy(onPool(baseURL)),
  [DEFAULTS]: (baseURL) => streamedBy(harborFor(baseURL)),
  [ALL]: (baseURL) => streamedBy(harborFor(baseURL, armed(baseURL))),
  [FETCH]: (baseURL) => streamedBy(onHarborFetch(baseURL)),
  [AI_SDK]: (baseURL) => {
    const model = createOpenAI(sdkFor(baseURL)).chat('m')
    return async () => {
      for await (const text of streamText({ model, temperature: 0, prompt: another() }).textStream)
        if (text === '') throw new Error('a chunk without text')
    }
  },
  [WIRE]: byWire('stream', ask),
})

/** The SDK on `pool.fetch`, Harbor without its default policies, with them, and with one more policy at a time. */
export const onePolicy = group(import.meta.filename, 'onePolicy', {
  [ON_POOL]: (baseURL) => wholeBy(onPool(baseURL)),
  'Harbor, `retry: false`, `breaker: false`': (baseURL) =>
    wholeBy(harborFor(baseURL, { retry: false, breaker: false })),
  [DEFAULTS]: (baseURL) => wholeBy(harborFor(baseURL)),
  ...Object.fromEntries(
    POLICIES.map((name): [string, Open] => [
      `${DEFAULTS} and ${name}`,
      (baseURL) => wholeBy(harborFor(baseURL, policies(baseURL)[name])),
    ]),
  ),
  [ALL]: (baseURL) => wholeBy(harborFor(baseURL, armed(baseURL))),
})

function wholeBy(client: OpenAI): Call {
  return () => client.chat.completions.create(ask())
}

function streamedBy(client: OpenAI): Call {
  return async () => {
    for await (const chunk of await client.chat.completions.create({ ...ask(), stream: true }))
      if (chunk.choices.length === 0) throw new Error('a chunk without a choice')
  }
}
