import { startSimulator, type SimulatedProvider, type SimulatorOptions } from '@harbor/simulator'
import { onTestFinished } from 'vitest'
import {
  createHarborFetch,
  Harbor,
  type HarborFetch,
  type HarborFetchOptions,
  type HarborOptions,
} from '../src/index.ts'

/** Waits that are long enough to be waits and short enough for a test. */
export const QUICK = { baseDelayMs: 2, maxDelayMs: 10 } as const

/** A test may leave streams unread, and requests unanswered. */
const UNREAD_MS = 100

export const HELLO = { model: 'gpt-4', messages: [{ role: 'user' as const, content: 'Say hello.' }] }

/** A provider of this test's own, gone when the test is over. */
export async function simulate(options?: SimulatorOptions): Promise<SimulatedProvider> {
  const simulator = await startSimulator(options)
  onTestFinished(() => simulator.close())
  return simulator.provider()
}

/** A client of this test's own against that provider; it logs nothing unless told. */
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

export function harborFetchFor(options: HarborFetchOptions = {}): HarborFetch {
  const fetch = createHarborFetch({ retry: QUICK, logLevel: 'off', ...options })
  onTestFinished(() => fetch.close({ graceMs: UNREAD_MS }))
  return fetch
}
