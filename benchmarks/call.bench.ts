import { Harbor } from '@harbor/core'
import { createPool } from '@harbor/pool'
import OpenAI from 'openai'
import { compareCpu, cpuTables } from './cpu.ts'
import { CHUNKS, startInstantProvider } from './instant-provider.ts'
import { publish } from './publish.ts'

// CPU of one call through the whole client, beside the SDK as it comes and the SDK on a lean fetch.
//   node --conditions=@harbor/source benchmarks/call.bench.ts

const provider = await startInstantProvider()
const pool = createPool()
const sdk = { baseURL: provider.baseURL, apiKey: 'key' }
const clients = {
  'openai, global fetch': new OpenAI(sdk),
  'openai, `pool.fetch`': new OpenAI({ ...sdk, fetch: pool.fetch }),
  Harbor: new Harbor({ ...sdk, pool }),
}
const ask = { model: 'm', messages: [{ role: 'user' as const, content: 'Say something of a kilobyte.' }] }

/** The same call through each of the clients. */
function each(call: (client: OpenAI) => Promise<unknown>): Record<string, () => Promise<unknown>> {
  return Object.fromEntries(Object.entries(clients).map(([name, client]) => [name, () => call(client)]))
}

const comparisons = [
  await compareCpu(
    'JSON of 1 KB, 64 at once',
    64,
    1_500,
    each((client) => client.chat.completions.create(ask)),
  ),
  await compareCpu(
    `stream of ${CHUNKS} chunks, 16 at once`,
    16,
    240,
    each(async (client) => {
      for await (const chunk of await client.chat.completions.create({ ...ask, stream: true })) {
        if (chunk.choices.length === 0) throw new Error('a chunk without a choice')
      }
    }),
  ),
]
publish('call', cpuTables(comparisons))

await pool.close()
provider.close()
