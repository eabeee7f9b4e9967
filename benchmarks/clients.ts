import { createOpenAI } from '@ai-sdk/openai'
import { createHarborFetch, Harbor, receiptOf, type HarborOptions } from '@harbor/core'
import { createPool } from '@harbor/pool'
import { generateText, streamText } from 'ai'
import OpenAI from 'openai'
import type { Call } from './calls.ts'
import { openWire } from './wire.ts'

/**
 * Every policy at work and none in the way: a chain of two, a cache that stores and never hits, limits that nobody reaches, a price.
 * Retries, the breaker and receipts are there by default.
 */
const policies = (baseURL: string) =>
  ({
    fallback: { providers: { backup: { apiKey: 'key', baseURL } }, fallback: ['backup/m'] },
    cache: { cache: true },
    limits: {
      limits: { requestsPerMinute: 60_000_000, tokensPerMinute: 60_000_000_000, maxConcurrency: 10_000 },
    },
    prices: { models: { m: { price: { inputPerMillion: 1, outputPerMillion: 2 } } } },
  }) satisfies Record<string, HarborOptions>

function armed(baseURL: string): HarborOptions {
  const { fallback, cache, limits, prices } = policies(baseURL)
  return { ...fallback, ...cache, ...limits, ...prices }
}

/** The subjects of the benches of whole calls, all asking the same provider. */
export const OPENAI = '`openai`'
export const ON_POOL = '`openai` on `pool.fetch`'
export const DEFAULTS = 'Harbor, defaults'
export const ALL = 'Harbor, all policies armed'
export const FETCH = '`openai` on `createHarborFetch`'
export const AI_SDK = 'Vercel AI SDK'
export const WIRE = '`undici.request` alone'

/** Ways to make one call, by name: each asks something that nobody has asked before. */
export interface Clients {
  json: Record<string, Call>
  stream: Record<string, Call>
  close(): Promise<void>
}

export function openClients(baseURL: string): Clients {
  const sdk = { baseURL, apiKey: 'key' }
  const [pool, wire] = [createPool(), openWire(baseURL)]
  const [defaults, all] = [new Harbor(sdk), new Harbor({ ...sdk, ...armed(baseURL) })]
  const harborFetch = createHarborFetch()
  const bare = new OpenAI(sdk)
  const onPool = new OpenAI({ ...sdk, fetch: pool.fetch })
  const onFetch = new OpenAI({ ...sdk, fetch: harborFetch, maxRetries: 0 })
  const model = createOpenAI(sdk).chat('m')
  return {
    json: {
      [OPENAI]: () => whole(bare),
      [ON_POOL]: () => whole(onPool),
      [DEFAULTS]: () => whole(defaults),
      [ALL]: async () => {
        if (receiptOf(await whole(all))?.attempts.length !== 1) throw new Error('not one attempt')
      },
      [AI_SDK]: () => generateText({ model, temperature: 0, prompt: another() }),
      [WIRE]: () => wire.json(ask()),
    },
    stream: {
      [OPENAI]: () => streamed(bare),
      [ON_POOL]: () => streamed(onPool),
      [DEFAULTS]: () => streamed(defaults),
      [ALL]: () => streamed(all),
      [FETCH]: () => streamed(onFetch),
      [AI_SDK]: async () => {
        for await (const text of streamText({ model, temperature: 0, prompt: another() }).textStream)
          if (text === '') throw new Error('a chunk without text')
      },
      [WIRE]: () => wire.stream(ask()),
    },
    async close() {
      await Promise.all([pool.close(), wire.close(), defaults.close(), all.close(), harborFetch.close()])
    },
  }
}

/** The SDK on `pool.fetch`, Harbor without what it does by default, with it, and with one policy more at a time. */
export function openPolicies(baseURL: string): { json: Record<string, Call>; close: () => Promise<void> } {
  const sdk = { baseURL, apiKey: 'key' }
  const pool = createPool()
  const harbors = Object.entries({
    'Harbor, `retry: false`, `breaker: false`': { retry: false, breaker: false },
    [DEFAULTS]: {},
    ...Object.fromEntries(
      Object.entries(policies(baseURL)).map(([name, policy]) => [`${DEFAULTS} and ${name}`, policy]),
    ),
    [ALL]: armed(baseURL),
  } satisfies Record<string, HarborOptions>).map(
    ([name, policy]) => [name, new Harbor({ ...sdk, ...policy, pool })] as const,
  )
  const onPool = new OpenAI({ ...sdk, fetch: pool.fetch })
  return {
    json: {
      [ON_POOL]: () => whole(onPool),
      ...Object.fromEntries(harbors.map(([name, harbor]) => [name, () => whole(harbor)])),
    },
    async close() {
      await Promise.all(harbors.map(([, harbor]) => harbor.close()))
      await pool.close()
    },
  }
}

let asked = 0
const another = (): string => `Question ${++asked}: say something of a kilobyte.`
const ask = () => ({ model: 'm', temperature: 0, messages: [{ role: 'user' as const, content: another() }] })

const whole = (client: OpenAI) => client.chat.completions.create(ask())

async function streamed(client: OpenAI): Promise<void> {
  for await (const chunk of await client.chat.completions.create({ ...ask(), stream: true }))
    if (chunk.choices.length === 0) throw new Error('a chunk without a choice')
}
