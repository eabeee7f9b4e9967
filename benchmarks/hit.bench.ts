/**
 * A call that the cache answers, through the whole client, beside one that it cannot and beside the bare SDK.
 *
 *     pnpm bench hit
 */
import { Harbor } from '@harbor/core'
import OpenAI from 'openai'
import { callTable, compareCalls, ratios } from './calls.ts'
import { OPENAI, WIRE } from './clients.ts'
import { CHUNKS, startInstantProvider } from './instant-provider.ts'
import { publish } from './publish.ts'
import { median } from './table.ts'
import { openWire } from './wire.ts'

const provider = await startInstantProvider()
const sdk = { baseURL: provider.baseURL, apiKey: 'key' }
const bare = new OpenAI(sdk)
const harbor = new Harbor({ ...sdk, cache: { when: 'always' } })
const wire = openWire(provider.baseURL)
const [MISS, HIT] = ['Harbor, miss', 'Harbor, hit']

let asked = 0
const content = 'Say something of a kilobyte. '.repeat(35)
const ask = { model: 'm', messages: [{ role: 'user' as const, content }] }
/** A question that nobody has asked before. */
const another = (): typeof ask => ({ ...ask, messages: [{ role: 'user', content: `${++asked} ${content}` }] })

async function whole(client: OpenAI, question: typeof ask): Promise<void> {
  await client.chat.completions.create(question)
}

async function streamed(client: OpenAI, question: typeof ask): Promise<void> {
  for await (const chunk of await client.chat.completions.create({ ...question, stream: true })) {
    if (chunk.choices.length === 0) throw new Error('a chunk without a choice')
  }
}

const json = await compareCalls(
  { title: 'JSON of 1 KB to a question of 1 KB, 64 at once', atOnce: 64, calls: 1_500 },
  {
    [OPENAI]: () => whole(bare, ask),
    [MISS]: () => whole(harbor, another()),
    [HIT]: () => whole(harbor, ask),
    [WIRE]: () => wire.json(ask),
  },
)
const stream = await compareCalls(
  { title: `stream of ${CHUNKS} chunks, 16 at once`, atOnce: 16, calls: 240 },
  {
    [OPENAI]: () => streamed(bare, ask),
    [MISS]: () => streamed(harbor, another()),
    [HIT]: () => streamed(harbor, ask),
    [WIRE]: () => wire.stream(ask),
  },
)
publish('hit', [callTable(json), callTable(stream)], {
  goals: [
    {
      of: 'CPU of a hit through the client, beside a miss at 0 ms',
      got: median(ratios(json, 'cpuUs', HIT, MISS)),
      atMost: 0.5,
      unit: '×',
      digits: 2,
    },
  ],
})
await Promise.all([harbor.close(), wire.close()])
provider.close()
