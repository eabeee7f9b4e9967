/**
 * `pool.fetch` alone and under the SDK, compared with the undici request that it uses and with Node's `fetch`.
 *
 *     pnpm bench pool
 */
import { callTable, compareCalls, ratios } from './calls.ts'
import { WIRE } from './clients.ts'
import { CHUNKS, startInstantProvider } from './instant-provider.ts'
import * as subjects from './pool/subjects.ts'
import { publish } from './publish.ts'
import { median } from './table.ts'

const JSON_LOAD = { atOnce: 64, calls: 1_500, warmUp: 12_000 }
const SSE_LOAD = { atOnce: 16, calls: 240 }
const provider = await startInstantProvider()
const { baseURL } = provider
const json = await compareCalls({ title: 'JSON of 1 KB, 64 at once', ...JSON_LOAD }, subjects.json, baseURL)
const jsonOfSdk = await compareCalls(
  { title: 'JSON of 1 KB through the OpenAI SDK, 64 at once', ...JSON_LOAD },
  subjects.jsonOfSdk,
  baseURL,
)
const sse = await compareCalls(
  { title: `SSE of ${CHUNKS} chunks, 16 at once`, ...SSE_LOAD },
  subjects.sse,
  baseURL,
)
const sseOfSdk = await compareCalls(
  { title: `SSE of ${CHUNKS} chunks through the OpenAI SDK, 16 at once`, ...SSE_LOAD },
  subjects.sseOfSdk,
  baseURL,
)
provider.close()
publish(
  'pool',
  [json, jsonOfSdk, sse, sseOfSdk].map((comparison) => callTable(comparison)),
  {
    goals: [
      {
        of: 'CPU of JSON by `pool.fetch`, vs. `undici.request`',
        got: median(ratios(json, 'cpuUs', '`pool.fetch`', WIRE)),
        atMost: 2,
        unit: '×',
        digits: 2,
      },
      {
        of: 'CPU of SSE by `pool.fetch`, read by `chunks()`, vs. `undici.request`',
        got: median(ratios(sse, 'cpuUs', '`pool.fetch`, `chunks()`', WIRE)),
        atMost: 1.3,
        unit: '×',
        digits: 2,
      },
      {
        of: 'CPU of JSON through `openai` on `pool.fetch`, vs. global fetch',
        got: median(ratios(jsonOfSdk, 'cpuUs', 'SDK over `pool.fetch`', 'SDK over global fetch')),
        atMost: 0.65,
        unit: '×',
        digits: 2,
      },
    ],
  },
)
