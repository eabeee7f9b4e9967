import { Harbor } from '@harbor/core'
import { ChatOpenAI } from '@langchain/openai'
import * as cockatiel from 'cockatiel'
import OpenAI from 'openai'
import { AI_SDK } from './ai-sdk.ts'
import { apiKey, model, prompt, type Contender } from './contender.ts'

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
  ...AI_SDK,
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
