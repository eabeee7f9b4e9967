/**
 * HTTP/2 compared with HTTP/1.1 over TLS, both by undici, with 256 requests at once: over connections that are open, and over new ones. Then
 * both with a server whose streams and connections break.
 *
 *     pnpm bench http2
 */
import { callTable, compareCalls } from './calls.ts'
import { CHUNKS } from './instant-provider.ts'
import * as subjects from './http2/subjects.ts'
import { tryRequests, type Ending } from './http2/breaking-client.ts'
import { startTlsProvider } from './http2/tls-provider.ts'
import { publish } from './publish.ts'
import { figures, inWords, tableOf } from './table.ts'

const { AT_ONCE } = subjects
const provider = await startTlsProvider()
const { baseURL } = provider
const json = await compareCalls(
  { title: `JSON of 1 KB, ${AT_ONCE} at once`, atOnce: AT_ONCE, calls: 1_536 },
  subjects.json,
  baseURL,
)
const sse = await compareCalls(
  {
    title: `SSE of ${CHUNKS} chunks, ${AT_ONCE} at once`,
    atOnce: AT_ONCE,
    calls: AT_ONCE,
    warmUp: 512,
    rounds: 7,
  },
  subjects.sse,
  baseURL,
)
const burst = `${inWords(AT_ONCE)} at once over new connections`
const cold = { atOnce: 1, calls: 3, warmUp: 4, rounds: 7 }
const coldJson = await compareCalls({ title: `JSON of 1 KB, ${burst}`, ...cold }, subjects.coldJson, baseURL)
const coldSse = await compareCalls(
  { title: `SSE of ${CHUNKS} chunks, ${burst}`, ...cold },
  subjects.coldSse,
  baseURL,
)
provider.close()

const SEEDS = 10
const ENDINGS: readonly Ending[] = ['answered', 'crashed', 'hung']
const protocols = { 'HTTP/1.1': false, 'HTTP/2': true }
const counts: number[][] = []
for (const http2 of Object.values(protocols)) {
  const endings: Ending[] = []
  for (let seed = 1; seed <= SEEDS; seed++) endings.push(await tryRequests(http2, seed))
  counts.push(ENDINGS.map((ending) => endings.filter((one) => one === ending).length))
}
const broken = tableOf({
  [`${SEEDS} processes with undici, 400 requests each`]: Object.keys(protocols),
  'all requests ended': figures(
    0,
    counts.map(([answered]) => answered),
  ),
  'the process crashed': figures(
    0,
    counts.map(([, crashed]) => crashed),
  ),
  'requests never ended': figures(
    0,
    counts.map(([, , hung]) => hung),
  ),
})

const warm = [json, sse, coldJson, coldSse].map((comparison) => callTable(comparison, { latency: true }))
publish('http2', [...warm, broken])
