/**
 * Vercel's AI SDK, its provider over Harbor.
 *
 * Scenario: a provider that is overloaded at first, that goes down between two steps of a loop of tools, that ends a stream too early but in
 * good order, and that does not answer before the caller aborts.
 *
 *     pnpm example sdks/ai-sdk
 */
import { createOpenAI } from '@ai-sdk/openai'
import { createHarborFetch } from '@harbor/core'
import { startSimulator } from '@harbor/simulator'
import { generateText, isStepCount, streamText, tool } from 'ai'
import { z } from 'zod'
import { abortOnceCalled } from '../lib/abort-once-called.ts'
import { printReceipts } from '../lib/print-receipts.ts'

const simulator = await startSimulator({ providers: { openai: {}, backup: {} } })
const [primary, backup] = [simulator.provider('openai'), simulator.provider('backup')]
const price = { inputPerMillion: 0.4, outputPerMillion: 1.6 }

const fetch = createHarborFetch({
  providers: { backup: { apiKey: 'simulated', baseURL: backup.baseURL } },
  fallback: ['backup/gpt-4.1-mini'],
  models: { 'gpt-4.1-mini': { price }, 'backup/gpt-4.1-mini': { price } },
  retry: { baseDelayMs: 100 },
})
printReceipts(fetch)
const openai = createOpenAI({ apiKey: 'simulated', baseURL: primary.baseURL, fetch })
const common = { model: openai('gpt-4.1-mini'), maxRetries: 0 } // the two of each call; `agent.generate` takes it as well
const weather = tool({
  description: 'The weather in a city',
  inputSchema: z.object({ city: z.string() }),
  execute({ city }) {
    primary.script({ rules: [{ fault: { type: 'status', status: 503 } }] })
    return `Sunny in ${city}`
  },
})

console.log('▲ Overloaded at first: tried again. Down after the first step: the backup continues')
primary.fail({ type: 'overloaded' })
const prompt = 'What is the weather in Hamburg?'
const { text, steps } = await generateText({
  ...common,
  prompt,
  tools: { weather },
  stopWhen: isStepCount(3),
})
console.log(`   ${steps.length} steps, then “${text}”`)

console.log('▲ A stream that ends too early, in good order')
primary.script({ rules: [{ fault: { type: 'stream-end', afterEvents: 6 } }] })
const onError = ({ error }: { error: unknown }) => {
  console.log(`   onError: ${String(error)}`)
}
const story = streamText({ ...common, prompt: 'Tell me a story.', onError })
// Neither `textStream` nor `text` rejects: look at the finish reason.
console.log(`   “${await story.text}…” and the finish reason “${await story.finishReason}”`)

console.log('▲ An abort reaches the provider')
primary.reset()
primary.fail({ type: 'hang' })
await generateText({ ...common, prompt: 'Say hello.', abortSignal: abortOnceCalled(primary) }).catch(
  (error: unknown) => {
    console.log(`   ${String(error)}`)
  },
)
await primary.whenIdle()
console.log(`   the provider saw ${primary.counts().aborts} abort`)
await fetch.close()
await simulator.close()
