import Anthropic from '@anthropic-ai/sdk'
import { GoogleGenAI } from '@google/genai'
import { createHarborFetch } from '@harbor/core'
import { createPool } from '@harbor/pool'
import { group, type Call } from './subject.ts'

/** The names of the subjects of one SDK. */
const namesOf = (name: string) => ({
  name,
  onPool: `${name} on \`pool.fetch\``,
  onHarbor: `${name} on \`createHarborFetch\``,
})

export const ANTHROPIC = namesOf('`@anthropic-ai/sdk`')
export const GEMINI = namesOf('`@google/genai`')

type Fetch = typeof globalThis.fetch

/** A stream through Anthropic's SDK: alone, on the pool, and with Harbor's defaults. */
export const anthropicStream = group(import.meta.filename, 'anthropicStream', {
  [ANTHROPIC.name]: (baseURL) => anthropic(baseURL),
  [ANTHROPIC.onPool]: (baseURL) => anthropic(baseURL, createPool().fetch),
  [ANTHROPIC.onHarbor]: (baseURL) => anthropic(baseURL, createHarborFetch()),
})

/** The same through Google's SDK. */
export const geminiStream = group(import.meta.filename, 'geminiStream', {
  [GEMINI.name]: (baseURL) => gemini(baseURL),
  [GEMINI.onPool]: (baseURL) => gemini(baseURL, createPool().fetch),
  [GEMINI.onHarbor]: (baseURL) => gemini(baseURL, createHarborFetch()),
})

let questions = 0
const question = (): string => `Question ${++questions}: say something of a kilobyte.`

function anthropic(baseURL: string, fetch?: Fetch): Call {
  const client = new Anthropic({
    apiKey: 'key',
    baseURL: new URL(baseURL).origin,
    maxRetries: 0,
    ...(fetch && { fetch }),
  })
  return async () => {
    const stream = await client.messages.create({
      model: 'm',
      max_tokens: 300,
      messages: [{ role: 'user', content: question() }],
      stream: true,
    })
    for await (const event of stream)
      if (typeof event.type !== 'string') throw new Error('an event without a type')
  }
}

function gemini(baseURL: string, fetch?: Fetch): Call {
  const client = new GoogleGenAI({
    apiKey: 'key',
    httpOptions: { baseUrl: new URL(baseURL).origin, ...(fetch && { fetch }) },
  })
  return async () => {
    for await (const chunk of await client.models.generateContentStream({ model: 'm', contents: question() }))
      if (!chunk.candidates) throw new Error('a chunk without a candidate')
  }
}
