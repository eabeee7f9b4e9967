import { fork } from 'node:child_process'
import { once } from 'node:events'
import { startSimulator } from '@harbor/simulator'
import { failNowAndThen, rulesOf, type Scenario } from './scenario.ts'

export interface Providers {
  readonly primaryURL: string
  readonly fallbackURL: string
  /** The number of calls so far. */
  calls(): Promise<{ primary: number; fallback: number }>
  close(): void
}

/** Two providers in their own process. Their script starts when this resolves. */
export async function startProviders(scenario: Scenario): Promise<Providers> {
  const child = fork(import.meta.filename, ['serve', JSON.stringify(scenario)])
  const [[primaryURL, fallbackURL]] = (await once(child, 'message')) as [[string, string]]
  return {
    primaryURL,
    fallbackURL,
    calls: async () => {
      child.send('count')
      const [counts] = (await once(child, 'message')) as [{ primary: number; fallback: number }]
      return counts
    },
    close: () => child.disconnect(),
  }
}

async function serve(scenario: Scenario): Promise<void> {
  const latency = { mean: scenario.latencyMs, sigma: 0 }
  const { fallbackErrors } = scenario
  const rules = fallbackErrors === undefined ? [] : [failNowAndThen(fallbackErrors)]
  const simulator = await startSimulator({
    providers: { primary: { rules: rulesOf(scenario), latency }, fallback: { rules, latency } },
    seed: 5,
  })
  const [primary, fallback] = [simulator.provider('primary'), simulator.provider('fallback')]
  process.send?.([primary.baseURL, fallback.baseURL])
  process.on('message', () => {
    process.send?.({ primary: primary.counts().calls, fallback: fallback.counts().calls })
  })
  process.on('disconnect', () => {
    void simulator.close()
  })
}

if (process.argv[2] === 'serve') await serve(JSON.parse(process.argv[3] ?? '') as Scenario)
