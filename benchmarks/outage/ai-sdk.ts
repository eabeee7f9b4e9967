import { createOpenAI } from '@ai-sdk/openai'
import { createFallbackModel } from '@harbor/ai-sdk'
import { generateText, streamText, type LanguageModel } from 'ai'
import { createFallback } from 'ai-fallback'
import { createRetryableModel, timeout } from 'ai-retry/language-model'
import { apiKey, model, prompt, type Contender, type Given, type Started } from './contender.ts'

/** The AI SDK alone, with Harbor's fallback model, and with two other packages that make one model of several. */
export const AI_SDK: readonly Contender[] = [
  {
    name: 'ai',
    setup: 'the Vercel AI SDK with its default retries; it has no fallback',
    start: (given) => callsOf(modelsOf(given).primary, { timeout: given.timeoutMs }),
  },
  {
    name: 'Harbor for ai',
    setup: '`createFallbackModel` of two models, and defaults',
    start: (given) => {
      const { primary, backup } = modelsOf(given)
      const { attemptMs, timeoutMs: totalMs } = given
      const fallback = createFallbackModel({
        models: [primary, backup],
        totalMs,
        timeouts: { attemptMs, idleMs: totalMs },
      })
      return callsOf(fallback, { maxRetries: 0 })
    },
  },
  {
    name: 'ai-retry',
    setup: 'the AI SDK with a fallback after every error',
    start: (given) => {
      const { primary, backup } = modelsOf(given)
      const { attemptMs, timeoutMs } = given
      // A timeout of the call ends the first attempt; the second one needs a timeout of its own.
      const onTimeout =
        attemptMs === undefined ? [] : [timeout().switch({ model: backup, timeout: attemptMs })]
      const retryable = createRetryableModel({ model: primary, retries: [...onTimeout, backup] })
      return callsOf(retryable, { maxRetries: 0, timeout: attemptMs ?? timeoutMs })
    },
  },
  {
    name: 'ai-fallback',
    setup: 'as its README does: back at the first model after a minute',
    start: (given) => {
      const { primary, backup } = modelsOf(given)
      const fallback = createFallback({ models: [primary, backup], modelResetInterval: 60_000 })
      // It has no timeout of its own. That of the call fails the call, and moves the next ones to the other model.
      return callsOf(fallback, { timeout: given.attemptMs ?? given.timeoutMs })
    },
  },
]

/** The second model has a provider name of its own. Without it, ai-retry takes it for the first one, and never calls it. */
function modelsOf({ primaryURL, fallbackURL }: Given) {
  return {
    primary: createOpenAI({ apiKey, baseURL: primaryURL }).chat(model),
    backup: createOpenAI({ apiKey, baseURL: fallbackURL, name: 'backup' }).chat(model),
  }
}

interface Settings {
  readonly maxRetries?: number
  readonly timeout?: number
}

function callsOf(used: LanguageModel, settings: Settings): Started {
  return {
    call: async () => (await generateText({ model: used, prompt, ...settings })).text,
    async listen() {
      let text = ''
      // Errors are parts of a stream. They are thrown here.
      for await (const part of streamText({ model: used, prompt, onError: () => undefined, ...settings })
        .stream) {
        if (part.type === 'text-delta') text += part.text
        else if (part.type === 'error') throw part.error
        else if (part.type === 'abort') throw new Error('aborted')
      }
      return text
    },
  }
}
