import { Harbor } from '@harbor/core'
import OpenAI from 'openai'
import { OPENAI, WIRE } from '../clients.ts'
import { group, type Call } from '../subject.ts'
import { byWire } from '../wire.ts'

export const [MISS, HIT] = ['Harbor, miss', 'Harbor, hit']

let asked = 0
const content = 'Say something of a kilobyte. '.repeat(35)
const ask = { model: 'm', messages: [{ role: 'user' as const, content }] }
type Question = typeof ask
const theSame = (): Question => ask
/** A different prompt for every call. */
const another = (): Question => ({ ...ask, messages: [{ role: 'user', content: `${++asked} ${content}` }] })

const bare = (baseURL: string): OpenAI => new OpenAI({ baseURL, apiKey: 'key' })
const cached = (baseURL: string): OpenAI => new Harbor({ baseURL, apiKey: 'key', cache: { when: 'always' } })

function whole(client: OpenAI, question: () => Question): Call {
  return () => client.chat.completions.create(question())
}

function streamed(client: OpenAI, question: () => Question): Call {
  return async () => {
    for await (const chunk of await client.chat.completions.create({ ...question(), stream: true })) {
      if (chunk.choices.length === 0) throw new Error('a chunk without a choice')
    }
  }
}

export const json = group(import.meta.filename, 'json', {
  [OPENAI]: (baseURL) => whole(bare(baseURL), theSame),
  [MISS]: (baseURL) => whole(cached(baseURL), another),
  [HIT]: (baseURL) => whole(cached(baseURL), theSame),
  [WIRE]: byWire('json', theSame),
})

export const stream = group(import.meta.filename, 'stream', {
  [OPENAI]: (baseURL) => streamed(bare(baseURL), theSame),
  [MISS]: (baseURL) => streamed(cached(baseURL), another),
  [HIT]: (baseURL) => streamed(cached(baseURL), theSame),
  [WIRE]: byWire('stream', theSame),
})
