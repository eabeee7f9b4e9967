import { createOpenAI } from '@ai-sdk/openai'
import { Harbor } from '@harbor/core'
import { ChatOpenAI } from '@langchain/openai'
import { generateText, streamText } from 'ai'
import { createRetryableModel, error } from 'ai-retry/language-model'
import * as cockatiel from 'cockatiel'
import OpenAI from 'openai'

/** A client that makes one call after the other. */
export interface Contender {
  readonly name: string
  /** Its configuration, in words. */
  readonly setup: string
  start(given: Given): Started
}

export interface Given {
  readonly primaryURL: string
  readonly fallbackURL: string
  /** The longest wait, for all clients, in milliseconds. A client with a timeout per attempt may wait longer. */
  readonly timeoutMs: number
}

export interface Started {
  /** Makes a call without a stream. */
  call(): Promise<string | null | undefined>
  /** Makes a call with a stream, and reads it to its end. */
  listen(): Promise<string>
  close?(): Promise<void>
}

const apiKey = 'simulated'
const model = 'gpt-4'
const prompt = 'Say hello in five words.'
const body = { model, messages: [{ role: 'user' as const, content: prompt }] }

export const CONTENDERS: readonly Contender[] = [
  {
    name: 'Harbor',
    setup: 'a fallback, and defaults',
    start: ({ primaryURL, fallbackURL, timeoutMs: timeout }) => {
      const harbor = new Harbor({
        apiKey,
        baseURL: primaryURL,
        timeout,
        timeouts: { idleMs: timeout },
        logLevel: 'off',
        providers: { backup: { apiKey, baseURL: fallbackURL } },
        fallback: ['backup/gpt-4'],
      })
      return { call: () => textOf(harbor), listen: () => streamOf(harbor), close: () => harbor.close() }
    },
  },
  {
    name: 'openai',
    setup: 'default retries; it has no fallback',
    start: ({ primaryURL, timeoutMs: timeout }) => {
      const client = new OpenAI({ apiKey, baseURL: primaryURL, timeout, logLevel: 'off' })
      return { call: () => textOf(client), listen: () => streamOf(client) }
    },
  },
  {
    name: 'cockatiel',
    setup: 'fallback, retry and breaker, composed as its README does, around openai without retries',
    start: ({ primaryURL, fallbackURL, timeoutMs: timeout }) => {
      const [primary, backup] = [primaryURL, fallbackURL].map(
        (baseURL) => new OpenAI({ apiKey, baseURL, timeout, maxRetries: 0, logLevel: 'off' }),
      )
      const { handleAll } = cockatiel
      const policyWith = (last: () => Promise<unknown>) =>
        cockatiel.wrap(
          cockatiel.fallback(handleAll, last),
          cockatiel.retry(handleAll, { maxAttempts: 3, backoff: new cockatiel.ExponentialBackoff() }),
          cockatiel.circuitBreaker(handleAll, {
            halfOpenAfter: 10_000,
            breaker: new cockatiel.ConsecutiveBreaker(5),
          }),
        )
      const [calls, streams] = [policyWith(() => textOf(backup)), policyWith(() => streamOf(backup))]
      return {
        call: () => calls.execute(() => textOf(primary)) as Promise<string>,
        listen: () => streams.execute(() => streamOf(primary)) as Promise<string>,
      }
    },
  },
  {
    name: 'ai',
    setup: 'the Vercel AI SDK with its default retries; it has no fallback',
    start: ({ primaryURL, timeoutMs }) => {
      const chat = createOpenAI({ apiKey, baseURL: primaryURL }).chat(model)
      return {
        call: async () => (await generateText({ model: chat, prompt, timeout: timeoutMs })).text,
        listen: () => textStreamOf({ model: chat, timeout: timeoutMs }),
      }
    },
  },
  {
    name: 'ai-retry',
    setup: 'the AI SDK with a fallback after every retryable error',
    start: ({ primaryURL, fallbackURL, timeoutMs }) => {
      const primary = createOpenAI({ apiKey, baseURL: primaryURL }).chat(model)
      // Without its own name it counts as the first model, which was tried already, and is never called.
      const backup = createOpenAI({ apiKey, baseURL: fallbackURL, name: 'backup' }).chat(model)
      const retries = [error.isRetryable(true).switch({ model: backup })]
      const retryable = createRetryableModel({ model: primary, retries })
      return {
        call: async () =>
          (await generateText({ model: retryable, prompt, maxRetries: 0, timeout: timeoutMs })).text,
        listen: () => textStreamOf({ model: retryable, maxRetries: 0, timeout: timeoutMs }),
      }
    },
  },
  {
    name: 'LangChain',
    setup: 'withFallbacks; without retries, as its documentation advises for that',
    start: ({ primaryURL, fallbackURL, timeoutMs: timeout }) => {
      const [primary, backup] = [primaryURL, fallbackURL].map(
        (baseURL) => new ChatOpenAI({ apiKey, model, timeout, maxRetries: 0, configuration: { baseURL } }),
      )
      if (!primary || !backup) throw new Error('Two addresses are needed.')
      const chain = primary.withFallbacks([backup])
      return {
        call: async () => (await chain.invoke(prompt)).text,
        async listen() {
          let text = ''
          for await (const chunk of await chain.stream(prompt)) text += chunk.text
          return text
        },
      }
    },
  },
]

async function textOf(client: OpenAI | undefined): Promise<string | null | undefined> {
  const reply = await client?.chat.completions.create(body)
  return reply?.choices[0]?.message.content
}

async function streamOf(client: OpenAI | undefined): Promise<string> {
  let text = ''
  if (!client) return text
  for await (const chunk of await client.chat.completions.create({ ...body, stream: true }))
    text += chunk.choices[0]?.delta.content ?? ''
  return text
}

/** A stream of the AI SDK, whose errors are parts of it; they are thrown here. */
async function textStreamOf(
  options: Omit<Parameters<typeof streamText>[0], 'prompt' | 'messages'>,
): Promise<string> {
  let text = ''
  for await (const part of streamText({ ...options, prompt, onError: () => undefined }).stream) {
    if (part.type === 'text-delta') text += part.text
    else if (part.type === 'error') throw part.error
    else if (part.type === 'abort') throw new Error('aborted')
  }
  return text
}
