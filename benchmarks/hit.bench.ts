import { Harbor } from '@harbor/core'
import OpenAI from 'openai'
import { compareCpu, cpuTables } from './cpu.ts'
import { CHUNKS, startInstantProvider } from './instant-provider.ts'
import { publish } from './publish.ts'

// CPU of a call that the cache answers, through the whole client, beside one that it cannot and beside the bare SDK.
//   node --conditions=@harbor/source benchmarks/hit.bench.ts

const provider = await startInstantProvider()
const sdk = { baseURL: provider.baseURL, apiKey: 'key' }
const bare = new OpenAI(sdk)
const harbor = new Harbor({ ...sdk, cache: { when: 'always' } })

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

const comparisons = [
  await compareCpu('JSON of 1 KB to a question of 1 KB, 64 at once', 64, 1_500, {
    'openai, global fetch': () => whole(bare, ask),
    'Harbor, miss': () => whole(harbor, another()),
    'Harbor, hit': () => whole(harbor, ask),
  }),
  await compareCpu(`stream of ${CHUNKS} chunks, 16 at once`, 16, 240, {
    'openai, global fetch': () => streamed(bare, ask),
    'Harbor, miss': () => streamed(harbor, another()),
    'Harbor, hit': () => streamed(harbor, ask),
  }),
]
publish('hit', cpuTables(comparisons))
await harbor.close()
provider.close()
