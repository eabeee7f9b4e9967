import { createPool } from '@harbor/pool'
import OpenAI from 'openai'
import { Agent, fetch as undiciFetch } from 'undici'
import { WIRE } from '../clients.ts'
import { group, type Call, type Open } from '../subject.ts'
import { byWire } from '../wire.ts'

const ask = { model: 'm', messages: [{ role: 'user' as const, content: 'Say something of a kilobyte.' }] }
const urlOf = (baseURL: string): string => `${baseURL}/chat/completions`
const init = (stream: boolean) => ({
  method: 'POST' as const,
  headers: { 'content-type': 'application/json', authorization: 'Bearer key' },
  body: JSON.stringify({ ...ask, stream }),
})
async function drain(chunks: AsyncIterable<unknown> | null): Promise<void> {
  for await (const chunk of chunks ?? []) if (chunk === undefined) return
}

const onGlobalFetch = (baseURL: string): OpenAI => new OpenAI({ baseURL, apiKey: 'key', maxRetries: 0 })
const onPool = (baseURL: string): OpenAI =>
  new OpenAI({ baseURL, apiKey: 'key', maxRetries: 0, fetch: createPool().fetch })

export const json = group(import.meta.filename, 'json', {
  [WIRE]: byWire('json', () => ask),
  '`pool.fetch`': (baseURL) => {
    const pool = createPool()
    return async () => (await pool.fetch(urlOf(baseURL), init(false))).text()
  },
  '`undici.fetch`': (baseURL) => {
    const dispatcher = new Agent({ connections: 256, allowH2: false })
    return async () => (await undiciFetch(urlOf(baseURL), { ...init(false), dispatcher })).text()
  },
  'global fetch': (baseURL) => async () => (await fetch(urlOf(baseURL), init(false))).text(),
})

export const jsonOfSdk = group(
  import.meta.filename,
  'jsonOfSdk',
  ofSdk((client) => client.chat.completions.create(ask)),
)

export const sse = group(import.meta.filename, 'sse', {
  [WIRE]: byWire('stream', () => ask),
  '`pool.fetch`, `chunks()`': (baseURL) => {
    const pool = createPool()
    return async () => drain((await pool.fetch(urlOf(baseURL), init(true))).chunks())
  },
  '`pool.fetch`, `for await` over `body`': (baseURL) => {
    const pool = createPool()
    return async () => drain((await pool.fetch(urlOf(baseURL), init(true))).body)
  },
  'global fetch, `for await` over `body`': (baseURL) => async () =>
    drain((await fetch(urlOf(baseURL), init(true))).body),
})

export const sseOfSdk = group(
  import.meta.filename,
  'sseOfSdk',
  ofSdk(async (client) => drain(await client.chat.completions.create({ ...ask, stream: true }))),
)

/** The same call through the SDK, on each fetch. */
function ofSdk(call: (client: OpenAI) => PromiseLike<unknown>): Readonly<Record<string, Open>> {
  const by =
    (client: OpenAI): Call =>
    async () =>
      call(client)
  return {
    'SDK over global fetch': (baseURL) => by(onGlobalFetch(baseURL)),
    'SDK over `pool.fetch`': (baseURL) => by(onPool(baseURL)),
  }
}
