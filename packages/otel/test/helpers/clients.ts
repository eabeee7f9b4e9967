import { createHarborFetch, Harbor, receiptOf, type HarborOptions, type Receipt } from '@harbor/core'
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
    // Without jitter, each wait is long enough to have a span.
    retry: { baseDelayMs: 5, maxDelayMs: 10, jitter: false },
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

/** The events of a stream of the Messages API, which reports 12 input tokens at its beginning, and breaks off. */
const BROKEN_MESSAGE = [
  {
    type: 'message_start',
    message: {
      id: 'm',
      type: 'message',
      role: 'assistant',
      content: [],
      usage: { input_tokens: 12, output_tokens: 1 },
    },
  },
  { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
  { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'Hello' } },
]
  .map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`)
  .join('')

/** Makes a call whose stream breaks off after the provider has reported tokens. @returns its receipt */
export async function brokenMessage(
  telemetry: NonNullable<HarborOptions['telemetry']>,
): Promise<Receipt | undefined> {
  const headers = { 'content-type': 'text/event-stream' }
  const harborFetch = createHarborFetch({
    telemetry,
    fetch: async () => new Response(BROKEN_MESSAGE, { headers }),
    logLevel: 'off',
  })
  const body = { model: 'claude-sonnet-4-6', max_tokens: 9, messages: HELLO.messages, stream: true }
  const response = await harborFetch('http://localhost/v1/messages', {
    method: 'POST',
    body: JSON.stringify(body),
  })
  await response.text()
  await harborFetch.close({ graceMs: 0 })
  return receiptOf(response)
}
