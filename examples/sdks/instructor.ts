/**
 * Instructor over Harbor.
 *
 * Scenario: a provider that is overloaded at first, is down then, and does not answer before the caller aborts. No stream: an error in a
 * stream is a rejection that Instructor 1.7 does not handle, which ends the process, with Harbor or without.
 *
 *     pnpm example sdks/instructor
 */
import { createHarborFetch } from '@harbor/core'
import { startSimulator } from '@harbor/simulator'
import createInstructor from '@instructor-ai/instructor'
import OpenAI from 'openai'
import { z } from 'zod/v3' // Instructor 1.7 cannot read schemas of zod 4
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
const client = new OpenAI({ apiKey: 'simulated', baseURL: primary.baseURL, fetch, maxRetries: 0 })
const instructor = createInstructor({ client, mode: 'TOOLS' })
const Ship = z.object({ name: z.string(), length: z.number() })
const request = {
  model: 'gpt-4.1-mini',
  messages: [{ role: 'user' as const, content: 'Which ship is the longest?' }],
  response_model: { schema: Ship, name: 'Ship' },
  max_retries: 0, // these ask again when an answer does not fit the schema, and are not for failed calls
}

console.log('📐 Overloaded at first: tried again')
primary.fail({ type: 'overloaded' })
const { name, length } = Ship.parse(await instructor.chat.completions.create(request))
console.log(`   ${name}, ${length}`)

console.log('📐 Down: the backup answers')
primary.script({ rules: [{ fault: { type: 'status', status: 503 } }] })
await instructor.chat.completions.create(request)

console.log('📐 An abort reaches the provider')
primary.reset()
primary.fail({ type: 'hang' })
await instructor.chat.completions
  .create(request, { signal: abortOnceCalled(primary) })
  .catch((error: unknown) => {
    console.log(`   ${String(error)}`)
  })
await primary.whenIdle()
console.log(`   the provider saw ${primary.counts().aborts} abort`)
await fetch.close()
await simulator.close()
