/**
 * Fallback strategy.
 *
 * Scenario: the provider of an application's main model goes down. Its calls go to other models by themselves, and come back by
 * themselves when it has recovered. What that means for its users and its bill is measured.
 *
 *     pnpm example fallback-strategy                     against the simulator: no key, no network
 *     OPENAI_API_KEY=… DEEPSEEK_API_KEY=… pnpm example … against real providers (OPENAI_BASE_URL)
 *
 * Time is compressed: an outage of a minute takes 1.2 s here, and so are the clocks of breaker, health check and retries. The bare
 * SDK's waits cannot be, so `pnpm bench outage` compares it, in real time.
 */
import { Harbor, receiptOf, type HarborOptions } from '@harbor/core'
import { startSimulator, type Simulator } from '@harbor/simulator'

// ── Configuration ─────────────────────────────────────────────────────────────────────────────────

const PRIMARY = 'gpt-4'
const COMPRESSION = 50
/** Three failures open the circuit; an unavailable provider is asked every 30 s whether it is back. */
const FALLBACK = {
  fallback: { [PRIMARY]: ['gpt-3.5-turbo', 'deepseek/deepseek-chat'] },
  health: { checkIntervalMs: 30_000 / COMPRESSION },
  breaker: { openForMs: 30_000 / COMPRESSION },
  retry: { baseDelayMs: 1_000 / COMPRESSION },
} satisfies HarborOptions
/** US dollars for a million tokens: what these models cost when this was written. */
const MODELS: HarborOptions['models'] = {
  [PRIMARY]: { price: { inputPerMillion: 30, outputPerMillion: 60 } },
  'gpt-3.5-turbo': { price: { inputPerMillion: 0.5, outputPerMillion: 1.5 } },
  'deepseek/deepseek-chat': { price: { inputPerMillion: 0.28, outputPerMillion: 0.42 } },
}
const question = {
  model: PRIMARY,
  messages: [{ role: 'user' as const, content: 'Say hello in five words.' }],
}

// ── The script of the outage ──────────────────────────────────────────────────────────────────────

/** In seconds of a real outage. The cheaper model of the same provider stays up for the first half of it. */
const SCRIPT = {
  totalS: 150,
  downS: [30, 90],
  siblingDownS: [60, 90],
  errors: 0.02,
  callEveryS: 0.5,
} as const

/** A provider that is down for some models, at some times, and fails a few calls by chance at all times. */
async function startProviders(): Promise<Simulator> {
  const down = (model: string, [from, to]: readonly [number, number]) => ({
    when: { model, windowMs: { from: (from * 1_000) / COMPRESSION, to: (to * 1_000) / COMPRESSION } },
    fault: { type: 'status', status: 503 } as const,
  })
  const byChance = { when: { probability: SCRIPT.errors }, fault: { type: 'status', status: 500 } as const }
  const rules = [down(PRIMARY, SCRIPT.downS), down('gpt-3.5-turbo', SCRIPT.siblingDownS), byChance]
  const latency = { mean: 5, sigma: 0.3 }
  return startSimulator({
    providers: { openai: { rules, latency }, deepseek: { latency } },
    seed: 11,
  })
}

// ── Demonstration ─────────────────────────────────────────────────────────────────────────────────

/** Calls at a steady pace, whatever becomes of the earlier ones, as users make them. */
async function callThrough(harbor: Harbor) {
  const everyMs = (SCRIPT.callEveryS * 1_000) / COMPRESSION
  const calls = Array.from({ length: SCRIPT.totalS / SCRIPT.callEveryS }, async (_, number) => {
    const at = number * SCRIPT.callEveryS
    await new Promise((resolve) => setTimeout(resolve, number * everyMs))
    try {
      const reply = await harbor.chat.completions.create(question)
      return { at, answered: true, target: receiptOf(reply)?.target }
    } catch {
      return { at, answered: false, target: undefined }
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
  })
  const switches = new Map<string, number>()
  harbor.on('fallback', ({ from, to }) =>
    switches.set(`${from} → ${to}`, (switches.get(`${from} → ${to}`) ?? 0) + 1),
  )
  const circuit: string[] = []
  harbor.on('breaker', ({ target, state }) => target === `openai/${PRIMARY}` && circuit.push(state))

  console.log(`🎯 Primary: ${stateOf(harbor)}`)
  const calls = await callThrough(harbor)
  await harbor.chat.completions.create(question)

  const during = calls.filter(({ at }) => at >= SCRIPT.downS[0] && at < SCRIPT.downS[1])
  const answeredBy = Object.entries(Object.groupBy(during, ({ target = 'nobody' }) => target))
  console.log(`🔄 Outage of ${PRIMARY} for ${SCRIPT.downS[1] - SCRIPT.downS[0]} s - answered by:`)
  for (const [target, own = []] of answeredBy) console.log(`   - ${target}: ${own.length} calls`)
  for (const [names, count] of switches) console.log(`   - switched within a call, ${names}: ${count} times`)
  const back = calls.find(({ at, target }) => at >= SCRIPT.downS[1] && target === `openai/${PRIMARY}`)
  console.log(`🔧 Circuit of ${PRIMARY}: ${circuit.join(' → ')}`)
  console.log(
    `🎯 Primary: ${stateOf(harbor)}, answered again ${((back?.at ?? NaN) - SCRIPT.downS[1]).toFixed(1)} s after the outage`,
  )
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
  console.log(`🎯 Primary: ${stateOf(harbor)}\n🔄 Answered by: ${receiptOf(reply)?.target ?? 'nobody'}`)
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
// Let the first stand-in be at another provider if you can: models of one provider often fail together.
// Set a `timeout` your users can bear: half of what is left of it is what a hanging target may take.
// Watch `harbor.on('fallback')` or an alert (`alerts`): an outage that nobody notices is still one, and a bill.
