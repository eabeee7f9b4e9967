import Anthropic from '@anthropic-ai/sdk'
import { GoogleGenAI } from '@google/genai'
import { createHarborFetch, type ProviderOptions } from '@harbor/core'
import type { Contender, Given, Started } from '../outage/contender.ts'

const apiKey = 'simulated'
const prompt = 'Say hello in five words.'

/** The SDKs of Anthropic and Google, alone and over Harbor. */
export const VENDORS: readonly Contender[] = [
  {
    name: 'Anthropic',
    setup: 'its SDK with default retries; it has no fallback',
    start: ({ primaryURL, timeoutMs }) => anthropic({ baseURL: rootOf(primaryURL), timeout: timeoutMs }),
  },
  {
    name: 'Anthropic over Harbor',
    setup: 'a fallback, and defaults',
    start: ({ primaryURL, ...given }) => {
      const fetch = harborFetch('anthropic', 'claude-sonnet-4-6', given)
      const client = anthropic({ baseURL: rootOf(primaryURL), fetch, maxRetries: 0 })
      return { ...client, close: () => fetch.close() }
    },
  },
  {
    name: 'Gemini',
    setup: "Google's SDK, which does not retry by default; it has no fallback",
    start: ({ primaryURL, timeoutMs: timeout }) => gemini({ baseUrl: rootOf(primaryURL), timeout }),
  },
  {
    name: 'Gemini over Harbor',
    setup: 'a fallback, and defaults',
    start: ({ primaryURL, ...given }) => {
      const fetch = harborFetch('google', 'gemini-2.5-pro', given)
      return { ...gemini({ baseUrl: rootOf(primaryURL), fetch }), close: () => fetch.close() }
    },
  },
]

function harborFetch(
  kind: NonNullable<ProviderOptions['kind']>,
  model: string,
  { fallbackURL, timeoutMs }: Omit<Given, 'primaryURL'>,
) {
  return createHarborFetch({
    timeout: timeoutMs,
    timeouts: { idleMs: timeoutMs },
    logLevel: 'off',
    providers: { backup: { kind, apiKey, baseURL: rootOf(fallbackURL) } },
    fallback: [`backup/${model}`],
  })
}

function anthropic(options: ConstructorParameters<typeof Anthropic>[0]): Started {
  const client = new Anthropic({ apiKey, logLevel: 'off', ...options })
  const body = {
    model: 'claude-sonnet-4-6',
    max_tokens: 1_000,
    messages: [{ role: 'user' as const, content: prompt }],
  }
  return {
    async call() {
      const { content } = await client.messages.create(body)
      return content.map((block) => (block.type === 'text' ? block.text : '')).join('')
    },
    async listen() {
      let text = ''
      for await (const event of await client.messages.create({ ...body, stream: true }))
        if (event.type === 'content_block_delta' && event.delta.type === 'text_delta')
          text += event.delta.text
      return text
    },
  }
}

function gemini(httpOptions: { baseUrl: string; fetch?: typeof fetch; timeout?: number }): Started {
  const client = new GoogleGenAI({ apiKey, httpOptions })
  const body = { model: 'gemini-2.5-pro', contents: prompt }
  return {
    call: async () => (await client.models.generateContent(body)).text,
    async listen() {
      let text = ''
      for await (const chunk of await client.models.generateContentStream(body)) text += chunk.text ?? ''
      return text
    },
  }
}

function rootOf(baseURL: string): string {
  return new URL(baseURL).origin
}
