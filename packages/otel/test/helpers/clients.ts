import { Harbor, type HarborOptions } from '@harbor/core'
import { startSimulator, type Fault, type SimulatedProvider, type SimulatorOptions } from '@harbor/simulator'
import { onTestFinished } from 'vitest'
import { openTelemetry, type OpenTelemetryOptions } from '../../src/index.ts'
import { recording, type Recording } from './recording.ts'

export const HELLO = { model: 'gpt-4', messages: [{ role: 'user' as const, content: 'Say hello.' }] }

/** Starts a simulated provider, closed when the test is over. */
export async function simulate(options?: SimulatorOptions): Promise<SimulatedProvider> {
  const simulator = await startSimulator(options)
  onTestFinished(() => simulator.close())
  return simulator.provider()
}

/** A client of a simulated provider, closed when the test is over. */
export function harborFor({ baseURL }: { readonly baseURL: string }, options: HarborOptions): Harbor {
  const harbor = new Harbor({
    apiKey: 'test-key',
    baseURL,
    retry: { baseDelayMs: 2, maxDelayMs: 10 },
    logLevel: 'off',
    ...options,
  })
  onTestFinished(() => harbor.close({ graceMs: 100 }))
  return harbor
}

/** A traced client, its provider and what was recorded. */
export interface Traced extends Recording {
  readonly harbor: Harbor
  readonly provider: SimulatedProvider
}

export async function traced(
  options: HarborOptions = {},
  telemetry: OpenTelemetryOptions = {},
): Promise<Traced> {
  const provider = await simulate()
  const recorded = recording()
  const observer = openTelemetry({ tracerProvider: recorded.tracerProvider, ...telemetry })
  return { ...recorded, provider, harbor: harborFor(provider, { telemetry: observer, ...options }) }
}

export const status = (code: number, more: object = {}): Fault => ({ type: 'status', status: code, ...more })
