/**
 * Plain fetch over Harbor.
 *
 * Scenario: a provider that is overloaded at first, then down, then ends a stream too early but in good order, and that does not answer
 * before the caller aborts. There is no SDK: `receiptOf(response)` says whose answer it is.
 *
 *     pnpm example sdks/plain-fetch
 */
import { createHarborFetch, receiptOf } from '@harbor/core'
import { startSimulator } from '@harbor/simulator'
import { abortOnceCalled } from '../lib/abort-once-called.ts'
import { printReceipts } from '../lib/print-receipts.ts'

const simulator = await startSimulator({ providers: { openai: {}, backup: {} } })
const [primary, backup] = [simulator.provider('openai'), simulator.provider('backup')]
const price = { inputPerMillion: 0.4, outputPerMillion: 1.6 }

const harborFetch = createHarborFetch({
  providers: { backup: { apiKey: 'simulated', baseURL: backup.baseURL } },
  fallback: ['backup/gpt-4.1-mini'],
  models: { 'gpt-4.1-mini': { price }, 'backup/gpt-4.1-mini': { price } },
  retry: { baseDelayMs: 100 },
})
printReceipts(harborFetch)

const headers = { authorization: 'Bearer simulated', 'content-type': 'application/json' }
const messages = [{ role: 'user', content: 'Tell me a story.' }]
const ask = (more: object = {}, signal: AbortSignal | null = null) =>
  harborFetch(`${primary.baseURL}/chat/completions`, {
    method: 'POST',
    headers,
    body: JSON.stringify({ model: 'gpt-4.1-mini', messages, ...more }),
    signal,
  })

console.log('🐟 Overloaded at first: tried again')
primary.fail({ type: 'overloaded' })
await ask()

console.log('🐟 Down: the backup answers')
primary.script({ rules: [{ fault: { type: 'status', status: 503 } }] })
const response = await ask()
console.log(`   status ${response.status}, ${receiptOf(response)?.attempts.length} attempts`)

console.log('🐟 A stream that ends too early, in good order: its last event is an error')
primary.script({ rules: [{ fault: { type: 'stream-end', afterEvents: 4 } }] })
const events = (await (await ask({ stream: true })).text()).trim().split('\n\n')
console.log(`   “${events.length} events…” and ${events.at(-1)}`)

console.log('🐟 An abort reaches the provider')
primary.reset()
primary.fail({ type: 'hang' })
await ask({}, abortOnceCalled(primary)).catch((error: unknown) => {
  console.log(`   ${String(error)}`)
})
await primary.whenIdle()
console.log(`   the provider saw ${primary.counts().aborts} abort`)
await harborFetch.close()
await simulator.close()
