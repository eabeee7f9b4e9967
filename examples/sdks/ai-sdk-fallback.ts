/**
 * Vercel's AI SDK with a fallback model over the provider packages of three vendors.
 *
 * Scenario: a rate limit, an outage between two steps of a loop of tools, a stream that breaks off before and after its first content, and
 * an abort. OpenAI is asked first, then Anthropic, then Google.
 *
 *     pnpm example sdks/ai-sdk-fallback
 */
import { createAnthropic } from '@ai-sdk/anthropic'
import { createGoogleGenerativeAI } from '@ai-sdk/google'
import { createOpenAI } from '@ai-sdk/openai'
import { createFallbackModel, receiptOf, receiptsOf } from '@harbor/ai-sdk'
import { startSimulator } from '@harbor/simulator'
import { generateText, isStepCount, streamText, tool } from 'ai'
import { z } from 'zod'
import { abortOnceCalled } from '../lib/abort-once-called.ts'

const simulator = await startSimulator({ providers: { openai: {}, anthropic: {}, google: {} } })
const [first, second, third] = ['openai', 'anthropic', 'google'].map((name) => simulator.provider(name))
if (!first || !second || !third) throw new Error('Three providers are needed.')
const openai = createOpenAI({ apiKey: 'simulated', baseURL: first.baseURL })
const anthropic = createAnthropic({ apiKey: 'simulated', baseURL: second.baseURL })
const google = createGoogleGenerativeAI({ apiKey: 'simulated', baseURL: `${third.url}/v1beta` })

const model = createFallbackModel({
  models: [openai('gpt-4.1-mini'), anthropic('claude-haiku-4-5'), google('gemini-2.5-flash')],
  on: {
    end({ attempts, outcome: result }) {
      const tried = attempts.filter(({ skipped }) => skipped === undefined)
      const steps = tried.map(({ target, failure, outcome }) => `${target} ${failure?.kind ?? outcome}`)
      console.log(`   ${steps.join(' → ')}: ${result}`)
    },
  },
})
const common = { model, maxRetries: 0 } // the model retries, `generateText` and `streamText` need not

console.log('▲ A rate limit: the next vendor answers at once, and the first one is left alone for a minute')
first.fail({ type: 'status', status: 429, retryAfter: '60' })
const limited = await generateText({ ...common, prompt: 'Say hello.' })
await generateText({ ...common, prompt: 'Say hello again.' })
console.log(
  `   the answer came from ${receiptOf(limited)?.target}; OpenAI saw ${first.counts().calls} request`,
)

console.log('▲ A loop of tools: its first vendor goes down between two steps, another one continues')
const weather = tool({
  description: 'The weather in a city',
  inputSchema: z.object({ city: z.string() }),
  execute({ city }) {
    second.script({ rules: [{ fault: { type: 'status', status: 503 } }] })
    return `Sunny in ${city}`
  },
})
const looped = await generateText({
  ...common,
  prompt: 'What is the weather in Hamburg?',
  tools: { weather },
  stopWhen: isStepCount(3),
})
const vendors = receiptsOf(looped).map(({ provider }) => provider)
console.log(`   ${looped.steps.length} steps, then “${looped.text}”; answered by ${vendors.join(', then ')}`)

console.log(
  '▲ A stream that breaks off before its first content: the reader gets the stream of another vendor',
)
second.script({ rules: [{ fault: { type: 'stream-cut', afterEvents: 0 } }] })
const moved = streamText({ ...common, prompt: 'Tell me a story.' })
console.log(`   “${(await moved.text).slice(0, 30)}…” from ${(await receiptOf(moved))?.target}`)

console.log('▲ A stream that ends too early, in good order, at the vendor that has taken over')
third.script({ rules: [{ fault: { type: 'stream-end', afterEvents: 6 } }] })
const story = streamText({
  ...common,
  prompt: 'Tell me a story.',
  onError: ({ error }) => {
    console.log(`   onError: ${String(error)}`)
  },
})
await story.text.then(
  (text) => {
    console.log(`   whole: “${text}”`)
  },
  (error: unknown) => {
    console.log(`   text rejects: ${String(error)} (${receiptOf(error)?.outcome})`)
  },
)

console.log('▲ An abort reaches the provider')
third.reset()
third.fail({ type: 'hang' })
await generateText({ ...common, prompt: 'Say hello.', abortSignal: abortOnceCalled(third) }).catch(
  (error: unknown) => {
    console.log(`   ${String(error)}`)
  },
)
await third.whenIdle()
console.log(`   the provider saw ${third.counts().aborts} abort`)
model.close()
await simulator.close()
