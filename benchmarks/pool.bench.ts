/**
 * `pool.fetch` alone and under the SDK, beside the requests of undici that it is made of and the `fetch` of Node.
 *
 *     pnpm bench pool
 */
import { createPool } from '@harbor/pool'
import OpenAI from 'openai'
import * as undici from 'undici'
import { callTable, compareCalls, ratios } from './calls.ts'
import { WIRE } from './clients.ts'
import { CHUNKS, startInstantProvider } from './instant-provider.ts'
import { publish } from './publish.ts'
import { median } from './table.ts'
import { openWire } from './wire.ts'

const provider = await startInstantProvider()
const url = `${provider.baseURL}/chat/completions`
const pool = createPool()
const agent = new undici.Agent({ connections: 256, allowH2: false })
const ask = { model: 'm', messages: [{ role: 'user' as const, content: 'Say something of a kilobyte.' }] }
const headers = { 'content-type': 'application/json', authorization: 'Bearer key' }
const sdk = { baseURL: provider.baseURL, apiKey: 'key', maxRetries: 0 }
const wire = openWire(provider.baseURL)
const overGlobal = new OpenAI(sdk)
const overPool = new OpenAI({ ...sdk, fetch: pool.fetch })

const init = (stream: boolean) => ({
  method: 'POST' as const,
  headers,
  body: JSON.stringify({ ...ask, stream }),
})
const drain = async (chunks: AsyncIterable<unknown> | null): Promise<void> => {
  for await (const chunk of chunks ?? []) if (chunk === undefined) return
}

const JSON_LOAD = { atOnce: 64, calls: 1_500 }
const SSE_LOAD = { atOnce: 16, calls: 240 }
const json = await compareCalls(
  { title: 'JSON of 1 KB, 64 at once', ...JSON_LOAD },
  {
    [WIRE]: () => wire.json(ask),
    '`pool.fetch`': async () => (await pool.fetch(url, init(false))).text(),
    '`undici.fetch`': async () => (await undici.fetch(url, { ...init(false), dispatcher: agent })).text(),
    'global fetch': async () => (await fetch(url, init(false))).text(),
  },
)
const jsonOfSdk = await compareCalls(
  { title: 'JSON of 1 KB through the OpenAI SDK, 64 at once', ...JSON_LOAD },
  {
    'SDK over global fetch': async () => overGlobal.chat.completions.create(ask),
    'SDK over `pool.fetch`': async () => overPool.chat.completions.create(ask),
  },
)
const sse = await compareCalls(
  { title: `SSE of ${CHUNKS} chunks, 16 at once`, ...SSE_LOAD },
  {
    [WIRE]: () => wire.stream(ask),
    '`pool.fetch`, `chunks()`': async () => drain((await pool.fetch(url, init(true))).chunks()),
    '`pool.fetch`, `for await` over `body`': async () => drain((await pool.fetch(url, init(true))).body),
    'global fetch, `for await` over `body`': async () => drain((await fetch(url, init(true))).body),
  },
)
const sseOfSdk = await compareCalls(
  { title: `SSE of ${CHUNKS} chunks through the OpenAI SDK, 16 at once`, ...SSE_LOAD },
  {
    'SDK over global fetch': async () =>
      drain(await overGlobal.chat.completions.create({ ...ask, stream: true })),
    'SDK over `pool.fetch`': async () =>
      drain(await overPool.chat.completions.create({ ...ask, stream: true })),
  },
)
publish(
  'pool',
  [json, jsonOfSdk, sse, sseOfSdk].map((comparison) => callTable(comparison)),
  {
    goals: [
      {
        of: 'CPU of JSON by `pool.fetch`, beside `undici.request`',
        got: median(ratios(json, 'cpuUs', '`pool.fetch`', WIRE)),
        atMost: 2,
        unit: '×',
        digits: 2,
      },
      {
        of: 'CPU of SSE by `pool.fetch`, read by `chunks()`, beside `undici.request`',
        got: median(ratios(sse, 'cpuUs', '`pool.fetch`, `chunks()`', WIRE)),
        atMost: 1.3,
        unit: '×',
        digits: 2,
      },
      {
        of: 'CPU of JSON through `openai` on `pool.fetch`, beside global fetch',
        got: median(ratios(jsonOfSdk, 'cpuUs', 'SDK over `pool.fetch`', 'SDK over global fetch')),
        atMost: 0.65,
        unit: '×',
        digits: 2,
      },
    ],
  },
)

await Promise.all([pool.close(), agent.close(), wire.close()])
provider.close()
