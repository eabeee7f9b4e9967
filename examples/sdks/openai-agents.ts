/**
 * OpenAI's Agents SDK over Harbor.
 *
 * Scenario: a provider that is overloaded at first, that goes down between two steps of a loop of tools, that ends a stream too early but in
 * good order, and that does not answer before the caller aborts.
 *
 *     pnpm example sdks/openai-agents
 */
import { createHarborFetch } from '@harbor/core'
import { startSimulator } from '@harbor/simulator'
import { Agent, OpenAIProvider, Runner, tool } from '@openai/agents'
import OpenAI from 'openai'
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
const openAIClient = new OpenAI({ apiKey: 'simulated', baseURL: primary.baseURL, fetch, maxRetries: 0 })
const runner = new Runner({ modelProvider: new OpenAIProvider({ openAIClient }), tracingDisabled: true })
const weather = tool({
  name: 'weather',
  description: 'The weather in a city',
  parameters: z.object({ city: z.string() }),
  execute({ city }) {
    primary.script({ rules: [{ fault: { type: 'status', status: 503 } }] })
    return `Sunny in ${city}`
  },
})
const pilot = new Agent({ name: 'Pilot', model: 'gpt-4.1-mini', tools: [weather] })
const teller = new Agent({ name: 'Teller', model: 'gpt-4.1-mini' })

console.log('🕵️  Overloaded at first: tried again. Down after the first step: the backup continues')
primary.fail({ type: 'overloaded' })
const result = await runner.run(pilot, 'What is the weather in Hamburg?')
console.log(`   ${result.rawResponses.length} steps, then “${String(result.finalOutput)}”`)

console.log('🕵️  A stream that ends too early, in good order')
primary.script({ rules: [{ fault: { type: 'stream-end', afterEvents: 6 } }] })
let text = ''
try {
  const stream = await runner.run(teller, 'Tell me a story.', { stream: true })
  for await (const piece of stream.toTextStream()) text += piece
  await stream.completed
} catch (error) {
  console.log(`   “${text}…” and ${String(error)}`)
}

console.log('🕵️  An abort reaches the provider')
primary.reset()
primary.fail({ type: 'hang' })
await runner.run(teller, 'Say hello.', { signal: abortOnceCalled(primary) }).catch((error: unknown) => {
  console.log(`   ${String(error)}`)
})
await primary.whenIdle()
console.log(`   the provider saw ${primary.counts().aborts} abort`)
await fetch.close()
await simulator.close()
