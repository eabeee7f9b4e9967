/**
 * Fallback strategy.
 *
 * Scenario: the provider of an application's main model goes down, and for a moment all the others, too. Calls go to other models by
 * themselves, then to an answer of the application's own, and come back by themselves. What that means for users and bill is measured.
 *
 *     pnpm example fallback-strategy                     against the simulator: no key, no network
 *     OPENAI_API_KEY=… DEEPSEEK_API_KEY=… pnpm example … against real providers (OPENAI_BASE_URL)
 *
 * Time is compressed: an outage of a minute takes 1.2 s here, and so are the clocks of breaker, health check and retries. The bare
 * SDK's waits cannot be, so `pnpm bench outage` compares it, in real time.
 */
import { breakerOpen, Harbor, receiptOf, type HarborOptions } from '@harbor/core'
import { startSimulator, type Simulator } from '@harbor/simulator'

// ── Configuration ─────────────────────────────────────────────────────────────────────────────────

const PRIMARY = 'gpt-4'
const COMPRESSION = 50
/** Three failures open the circuit; every 30 s a health check asks an unavailable provider whether it works again. */
const FALLBACK = {
  fallback: { [PRIMARY]: ['gpt-3.5-turbo', 'deepseek/deepseek-chat'] },
  health: { checkIntervalMs: 30_000 / COMPRESSION },
  breaker: { openForMs: 30_000 / COMPRESSION },
  retry: { baseDelayMs: 1_000 / COMPRESSION },
  // Graceful degradation: better than an error page, and marked as `degraded` in its receipt.
  lastResort: () => 'We cannot answer this now. Please ask again in a minute.',
} satisfies HarborOptions
/** US dollars for a million tokens: what these models cost when this was written. */
const MODELS: HarborOptions['models'] = {
  [PRIMARY]: { price: { inputPerMillion: 30, outputPerMillion: 60 } },
  'gpt-3.5-turbo': { price: { inputPerMillion: 0.5, outputPerMillion: 1.5 } },
  'deepseek/deepseek-chat': { price: { inputPerMillion: 0.28, outputPerMillion: 0.42 } },
}
const messages = [{ role: 'user' as const, content: 'Say hello in five words.' }]
const question = { model: PRIMARY, messages }

// ── The script of the outage ──────────────────────────────────────────────────────────────────────

/** In seconds of a real outage. The cheaper model of the same provider stays up for the first half of it. */
const DOWN_S = { primary: [30, 90], sibling: [60, 90], other: [75, 80] } as const
const SCRIPT = { totalS: 150, callEveryS: 0.5, errors: 0.02 } as const

/** A provider that is down for some models, at some times, and fails a few calls by chance at all times. */
async function startProviders(): Promise<Simulator> {
  const down = (model: string, [from, to]: readonly [number, number]) => ({
    when: { model, windowMs: { from: (from * 1_000) / COMPRESSION, to: (to * 1_000) / COMPRESSION } },
    fault: { type: 'status', status: 503 } as const,
  })
  const byChance = { when: { probability: SCRIPT.errors }, fault: { type: 'status', status: 500 } as const }
  const latency = { mean: 5, sigma: 0.3 }
  const rules = [down(PRIMARY, DOWN_S.primary), down('gpt-3.5-turbo', DOWN_S.sibling), byChance]
  const deepseek = { rules: [down('deepseek-chat', DOWN_S.other)], latency }
  return startSimulator({ providers: { openai: { rules, latency }, deepseek }, seed: 11 })
}

// ── Demonstration ─────────────────────────────────────────────────────────────────────────────────

/** Calls at a steady pace, whatever becomes of the earlier ones, as users make them. */
async function callThrough(harbor: Harbor) {
  const everyMs = (SCRIPT.callEveryS * 1_000) / COMPRESSION
  const calls = Array.from({ length: SCRIPT.totalS / SCRIPT.callEveryS }, async (_, number) => {
    const at = number * SCRIPT.callEveryS
    await new Promise((resolve) => setTimeout(resolve, number * everyMs))
    try {
      const receipt = receiptOf(await harbor.chat.completions.create(question))
      return { at, answered: true, by: receipt?.degraded ? 'the last resort' : receipt?.target }
    } catch {
      return { at, answered: false, by: 'nothing: an error' }
    }
  })
  return Promise.all(calls)
}

async function simulated(): Promise<void> {
  const simulator = await startProviders()
  const harbor = new Harbor({
    ...FALLBACK,
    apiKey: 'simulated',
    logLevel: 'off',
    baseURL: simulator.provider('openai').baseURL,
    providers: { deepseek: { apiKey: 'simulated', baseURL: simulator.provider('deepseek').baseURL } },
    models: MODELS,
    alerts: [{ name: `${PRIMARY} is down`, when: breakerOpen(`openai/${PRIMARY}`), forMs: 200, notify }],
  })
  const startedAt = Date.now()
  function notify({ name, state }: { name: string; state: string }): void {
    const second = ((Date.now() - startedAt) * COMPRESSION) / 1_000
    console.log(`🚨 Alert "${name}": ${state} at second ${second.toFixed(0)}`)
  }
  const [takeovers, circuit]: [string[], string[]] = [[], []]
  harbor.on('fallback', ({ from, to }) => takeovers.push(`${from} → ${to}`))
  harbor.on('breaker', ({ target, state }) => target === `openai/${PRIMARY}` && circuit.push(state))

  console.log(`🎯 Primary: ${stateOf(harbor)}`)
  const calls = await callThrough(harbor)
  await harbor.chat.completions.create(question)

  const [from, to] = DOWN_S.primary
  const during = calls.filter(({ at }) => at >= from && at < to).map(({ by }) => by)
  const count = (names: (string | undefined)[]) => Object.entries(Object.groupBy(names, (name = '-') => name))
  console.log(`🔄 Outage of ${PRIMARY} for ${to - from} s - answered by:`)
  for (const [by, { length } = []] of count(during)) console.log(`   - ${by}: ${length} calls`)
  for (const [names, { length } = []] of count(takeovers)) console.log(`   - takeovers, ${names}: ${length}`)
  const back = calls.find(({ at, by }) => at >= to && by === `openai/${PRIMARY}`)
  const backAfterS = ((back?.at ?? NaN) - to).toFixed(1)
  console.log(`🔧 Circuit of ${PRIMARY}: ${circuit.join(' → ')}`)
  console.log(`🎯 Primary: ${stateOf(harbor)}, answered again ${backAfterS} s after the outage`)
  console.log(`📊 Availability: ${percent(calls.filter(({ answered }) => answered).length / calls.length)}`)
  const { spentUsd, savedByFallbackUsd } = harbor.stats().cost
  const saved = savedByFallbackUsd / (spentUsd + savedByFallbackUsd)
  console.log(
    `💰 Cost saved: ${percent(saved)} ($${spentUsd.toFixed(4)} spent, $${savedByFallbackUsd.toFixed(4)} saved)`,
  )
  await harbor.close()
  await simulator.close()
}

async function real(): Promise<void> {
  const deepseek = { apiKey: process.env['DEEPSEEK_API_KEY'], baseURL: 'https://api.deepseek.com/v1' }
  const harbor = new Harbor({ ...FALLBACK, providers: { deepseek } })
  const reply = await harbor.chat.completions.create(question)
  console.log(`🎯 Primary: ${stateOf(harbor)}\n🔄 Answered by: ${receiptOf(reply)?.target ?? '-'}`)
  console.log(`💰 Cost: ${JSON.stringify(harbor.stats().cost)}`)
  await harbor.close()
}

function stateOf(harbor: Harbor): string {
  return harbor.explain(question).targets[0]?.leftOut ?? 'healthy'
}

const percent = (part: number): string => `${(100 * part).toFixed(1)}%`

const isReal = Boolean(process.env['OPENAI_API_KEY'])
console.log('🔄 Fallback strategy\n================================')
console.log(
  isReal ? '   asking real providers' : `   asking the simulator, ${COMPRESSION} times as fast as life`,
)
await (isReal ? real() : simulated())

// ── Best practice ─────────────────────────────────────────────────────────────────────────────────
// Let the first fallback be at another provider if you can: models of one provider often fail together.
// Set a `timeout` that your users can bear: a hanging target may take half of the time that is left.
// Set `alerts`, or listen to `harbor.on('fallback')`: an outage that goes unnoticed still costs something.
