import { startSimulator, type SimulatedProvider, type SimulatorOptions } from '@harbor/simulator'
import { onTestFinished } from 'vitest'
import {
  createHarborFetch,
  Harbor,
  type HarborFetch,
  type HarborFetchOptions,
  type HarborOptions,
} from '../../src/index.ts'

/** Backoff that is long enough to be observed and short enough for a test. */
export const QUICK = { baseDelayMs: 2, maxDelayMs: 10 } as const

/** How long `close()` waits at the end of a test, which may leave streams unread and requests unanswered. */
const UNREAD_MS = 100

export const HELLO = { model: 'gpt-4', messages: [{ role: 'user' as const, content: 'Say hello.' }] }

/** Starts a simulated provider, closed when the test is over. */
export async function simulate(options?: SimulatorOptions): Promise<SimulatedProvider> {
  const simulator = await startSimulator(options)
  onTestFinished(() => simulator.close())
  return simulator.provider()
}

/** A `Harbor` against that provider, closed when the test is over. It logs nothing by default. */
export function harborFor(provider: { readonly baseURL: string }, options: HarborOptions = {}): Harbor {
  const harbor = new Harbor({
    apiKey: 'test-key',
    baseURL: provider.baseURL,
    retry: QUICK,
    logLevel: 'off',
    ...options,
  })
  onTestFinished(() => harbor.close({ graceMs: UNREAD_MS }))
  return harbor
}

/** A `createHarborFetch()`, closed when the test is over. It logs nothing by default. */
export function harborFetchFor(options: HarborFetchOptions = {}): HarborFetch {
  const fetch = createHarborFetch({ retry: QUICK, logLevel: 'off', ...options })
  onTestFinished(() => fetch.close({ graceMs: UNREAD_MS }))
  return fetch
}
