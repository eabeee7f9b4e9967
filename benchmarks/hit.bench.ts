/**
 * A cache hit through the whole client, compared with a miss and with the plain SDK.
 *
 *     pnpm bench hit
 */
import { callTable, compareCalls, ratios } from './calls.ts'
import { HIT, json as asJson, MISS, stream as asStream } from './hit/subjects.ts'
import { CHUNKS, startInstantProvider } from './instant-provider.ts'
import { publish } from './publish.ts'
import { median } from './table.ts'

const provider = await startInstantProvider()
const { baseURL } = provider
const json = await compareCalls(
  { title: 'JSON of 1 KB to a question of 1 KB, 64 at once', atOnce: 64, calls: 1_500, warmUp: 12_000 },
  asJson,
  baseURL,
)
const stream = await compareCalls(
  { title: `stream of ${CHUNKS} chunks, 16 at once`, atOnce: 16, calls: 240 },
  asStream,
  baseURL,
)
provider.close()
publish('hit', [callTable(json), callTable(stream)], {
  goals: [
    {
      of: 'CPU of a hit through the client, vs. a miss at 0 ms',
      got: median(ratios(json, 'cpuUs', HIT, MISS)),
      atMost: 0.5,
      unit: '×',
      digits: 2,
    },
  ],
})
