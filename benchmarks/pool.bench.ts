import { createPool } from '@harbor/pool'
import OpenAI from 'openai'
import * as undici from 'undici'
import { compareCpu, cpuTables } from './cpu.ts'
import { CHUNKS, startInstantProvider } from './instant-provider.ts'
import { publish } from './publish.ts'

// CPU of the client per call, against a server in a process of its own that answers at once.
//   node --conditions=@harbor/source benchmarks/pool.bench.ts

const provider = await startInstantProvider()
const url = `${provider.baseURL}/chat/completions`
const pool = createPool()
const agent = new undici.Agent({ connections: 256, allowH2: false })
const ask = { model: 'm', messages: [{ role: 'user' as const, content: 'Say something of a kilobyte.' }] }
const headers = { 'content-type': 'application/json', authorization: 'Bearer key' }
const sdk = { baseURL: provider.baseURL, apiKey: 'key', maxRetries: 0 }
const overGlobal = new OpenAI(sdk)
const overPool = new OpenAI({ ...sdk, fetch: pool.fetch })

const init = (stream: boolean) => ({
  method: 'POST' as const,
  headers,
  body: JSON.stringify({ ...ask, stream }),
})
const bare = (stream: boolean) => undici.request(url, { ...init(stream), dispatcher: agent })
const drain = async (chunks: AsyncIterable<unknown> | null): Promise<void> => {
  for await (const chunk of chunks ?? []) if (chunk === undefined) return
}

const comparisons = [
  await compareCpu('JSON of 1 KB, 64 at once', 64, 4_000, {
    '`undici.request`': async () => (await bare(false)).body.text(),
    '`pool.fetch`': async () => (await pool.fetch(url, init(false))).text(),
    '`undici.fetch`': async () => (await undici.fetch(url, { ...init(false), dispatcher: agent })).text(),
    'global fetch': async () => (await fetch(url, init(false))).text(),
  }),
  await compareCpu('JSON of 1 KB through the OpenAI SDK, 64 at once', 64, 1_500, {
    'SDK over global fetch': async () => overGlobal.chat.completions.create(ask),
    'SDK over `pool.fetch`': async () => overPool.chat.completions.create(ask),
  }),
  await compareCpu(`SSE of ${CHUNKS} chunks, 16 at once`, 16, 240, {
    '`undici.request`': async () => drain((await bare(true)).body),
    '`pool.fetch`, `chunks()`': async () => drain((await pool.fetch(url, init(true))).chunks()),
    '`pool.fetch`, `for await` over `body`': async () => drain((await pool.fetch(url, init(true))).body),
    'global fetch, `for await` over `body`': async () => drain((await fetch(url, init(true))).body),
  }),
  await compareCpu(`SSE of ${CHUNKS} chunks through the OpenAI SDK, 16 at once`, 16, 240, {
    'SDK over global fetch': async () =>
      drain(await overGlobal.chat.completions.create({ ...ask, stream: true })),
    'SDK over `pool.fetch`': async () =>
      drain(await overPool.chat.completions.create({ ...ask, stream: true })),
  }),
]
publish('pool', cpuTables(comparisons))

await Promise.all([pool.close(), agent.close()])
provider.close()
