import { createOpenAI } from '@ai-sdk/openai'
import { Harbor } from '@harbor/core'
import { ChatOpenAI } from '@langchain/openai'
import { generateText } from 'ai'
import { createRetryableModel, error } from 'ai-retry/language-model'
import * as cockatiel from 'cockatiel'
import OpenAI from 'openai'

/** A client that makes one call after the other. */
export interface Contender {
  readonly name: string
  /** Its configuration, in words. */
  readonly setup: string
  start(urls: { primaryURL: string; fallbackURL: string }): {
    call(): Promise<string | null | undefined>
    close?(): Promise<void>
  }
}

const apiKey = 'simulated'
const model = 'gpt-4'
const prompt = 'Say hello in five words.'
const body = { model, messages: [{ role: 'user' as const, content: prompt }] }
/** The longest wait, for all clients. A client with a timeout per attempt may wait longer. */
const timeout = 30_000

export const CONTENDERS: readonly Contender[] = [
  {
    name: 'Harbor',
    setup: 'a fallback, and defaults',
    start: ({ primaryURL, fallbackURL }) => {
      const harbor = new Harbor({
        apiKey,
        baseURL: primaryURL,
        timeout,
        logLevel: 'off',
        providers: { backup: { apiKey, baseURL: fallbackURL } },
        fallback: ['backup/gpt-4'],
      })
      return { call: () => textOf(harbor), close: () => harbor.close() }
    },
  },
  {
    name: 'openai',
    setup: 'default retries; it has no fallback',
    start: ({ primaryURL }) => {
      const client = new OpenAI({ apiKey, baseURL: primaryURL, timeout, logLevel: 'off' })
      return { call: () => textOf(client) }
    },
  },
  {
    name: 'cockatiel',
    setup: 'fallback, retry and breaker, composed as its README does, around openai without retries',
    start: ({ primaryURL, fallbackURL }) => {
      const [primary, backup] = [primaryURL, fallbackURL].map(
        (baseURL) => new OpenAI({ apiKey, baseURL, timeout, maxRetries: 0, logLevel: 'off' }),
      )
      const { handleAll } = cockatiel
      const policy = cockatiel.wrap(
        cockatiel.fallback(handleAll, () => textOf(backup)),
        cockatiel.retry(handleAll, { maxAttempts: 3, backoff: new cockatiel.ExponentialBackoff() }),
        cockatiel.circuitBreaker(handleAll, {
          halfOpenAfter: 10_000,
          breaker: new cockatiel.ConsecutiveBreaker(5),
        }),
      )
      return { call: () => policy.execute(() => textOf(primary)) }
    },
  },
  {
    name: 'ai',
    setup: 'the Vercel AI SDK with its default retries; it has no fallback',
    start: ({ primaryURL }) => {
      const provider = createOpenAI({ apiKey, baseURL: primaryURL })
      return {
        call: async () => (await generateText({ model: provider.chat(model), prompt })).text,
      }
    },
  },
  {
    name: 'ai-retry',
    setup: 'the AI SDK with a fallback after every retryable error',
    start: ({ primaryURL, fallbackURL }) => {
      const primary = createOpenAI({ apiKey, baseURL: primaryURL }).chat(model)
      // Without its own name it counts as the first model, which was tried already, and is never called.
      const backup = createOpenAI({ apiKey, baseURL: fallbackURL, name: 'backup' }).chat(model)
      const retries = [error.isRetryable(true).switch({ model: backup })]
      const retryable = createRetryableModel({ model: primary, retries })
      return {
        call: async () => (await generateText({ model: retryable, prompt, maxRetries: 0 })).text,
      }
    },
  },
  {
    name: 'LangChain',
    setup: 'withFallbacks; without retries, as its documentation advises for that',
    start: ({ primaryURL, fallbackURL }) => {
      const [primary, backup] = [primaryURL, fallbackURL].map(
        (baseURL) => new ChatOpenAI({ apiKey, model, timeout, maxRetries: 0, configuration: { baseURL } }),
      )
      if (!primary || !backup) throw new Error('Two addresses are needed.')
      const chain = primary.withFallbacks([backup])
      return { call: async () => (await chain.invoke(prompt)).text }
    },
  },
]

async function textOf(client: OpenAI | undefined): Promise<string | null | undefined> {
  const reply = await client?.chat.completions.create(body)
  return reply?.choices[0]?.message.content
}
