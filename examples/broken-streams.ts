/**
 * Streams that break.
 *
 * Scenario: a provider cuts some streams off, and ends others too early but in good order. A reader of the bare SDK takes the second
 * kind for whole. Through Harbor a stream is whole, or ends with an error that says so.
 *
 *     pnpm example broken-streams
 */
import { Harbor } from '@harbor/core'
import { startSimulator, type Rule } from '@harbor/simulator'
import OpenAI from 'openai'

const rules: Rule[] = [
  { when: { every: 3 }, fault: { type: 'stream-cut', afterEvents: 1 } },
  { when: { every: 5 }, fault: { type: 'stream-end', afterEvents: 9 } },
]
const simulator = await startSimulator({ providers: { harbor: { rules }, bare: { rules } }, seed: 7 })
const common = { apiKey: 'simulated', logLevel: 'off' } as const
const harbor = new Harbor({
  ...common,
  baseURL: simulator.provider('harbor').baseURL,
  retry: { baseDelayMs: 100 },
})
const bare = new OpenAI({ ...common, baseURL: simulator.provider('bare').baseURL })

/** What readers got: the whole text, an error, or half a text as if it were whole. */
async function listen(client: OpenAI): Promise<string> {
  const ends = { whole: 0, error: 0, silent: 0 }
  for (let call = 0; call < 20; call++) {
    try {
      let finished = false
      const stream = await client.chat.completions.create({
        model: 'gpt-4o-mini',
        messages: [{ role: 'user', content: 'Say hello in five words.' }],
        stream: true,
      })
      for await (const chunk of stream) finished ||= chunk.choices[0]?.finish_reason === 'stop'
      ends[finished ? 'whole' : 'silent']++
    } catch {
      ends.error++
    }
  }
  return `${ends.whole} whole, ${ends.error} ended by an error, ${ends.silent} cut short in silence`
}

console.log('🌊 20 streams from a provider that breaks some of them')
console.log(`   Harbor:   ${await listen(harbor)}`)
console.log(`   bare SDK: ${await listen(bare)}`)
await harbor.close()
await simulator.close()
