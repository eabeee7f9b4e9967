/**
 * A stream through the whole client: Harbor, and Harbor's `fetch` under the SDK, compared with the plain SDK, the SDK on a faster fetch,
 * and the Vercel AI SDK.
 *
 *     pnpm bench stream
 */
import { addedUs, callTable, compareCalls, ratios } from './calls.ts'
import { ALL, DEFAULTS, FETCH, ON_POOL, OPENAI, stream } from './clients.ts'
import { ANTHROPIC, anthropicStream, GEMINI, geminiStream } from './vendor-clients.ts'
import { CHUNKS, startInstantProvider } from './instant-provider.ts'
import { publish } from './publish.ts'
import { median } from './table.ts'

const provider = await startInstantProvider()
const load = { title: `stream of ${CHUNKS} chunks, 16 at once`, atOnce: 16, calls: 240 }
const vendorLoad = { ...load, title: `${load.title}, over another SDK` }
const comparison = await compareCalls(load, stream, provider.baseURL)
const anthropic = await compareCalls(vendorLoad, anthropicStream, provider.baseURL)
const gemini = await compareCalls(vendorLoad, geminiStream, provider.baseURL)
provider.close()

publish('stream', [callTable(comparison), callTable(anthropic), callTable(gemini)], {
  goals: [
    {
      of: `CPU of a stream of ${CHUNKS} chunks, Harbor with its defaults vs. \`openai\``,
      got: median(ratios(comparison, 'cpuUs', DEFAULTS, OPENAI)),
      atMost: 0.7,
      unit: '×',
      digits: 2,
    },
    {
      of: "CPU of the same through `createHarborFetch` and the SDK's own decoder, vs. `openai`",
      got: median(ratios(comparison, 'cpuUs', FETCH, OPENAI)),
      atMost: 1,
      unit: '×',
      digits: 2,
    },
    {
      of: 'CPU that all policies add to a chunk of `openai` on `pool.fetch`',
      got: addedUs(comparison, ALL, ON_POOL) / CHUNKS,
      atMost: 3,
      unit: 'µs',
      digits: 1,
    },
    ...(
      [
        [ANTHROPIC, anthropic],
        [GEMINI, gemini],
      ] as const
    ).map(([{ name, onPool, onHarbor }, compared]) => ({
      of: `CPU that Harbor adds to a chunk of ${name} on \`pool.fetch\``,
      got: addedUs(compared, onHarbor, onPool) / CHUNKS,
      atMost: 3,
      unit: 'µs',
      digits: 1,
    })),
  ],
})
