import { startSimulator, type SimulatedProvider } from '@harbor/simulator'
import { onTestFinished } from 'vitest'
import { receiptOf, type Harbor, type HarborOptions, type ProviderOptions } from '../src/index.ts'
import { harborFor } from './support.ts'

interface Two {
  readonly primary: SimulatedProvider
  readonly backup: SimulatedProvider
  readonly harbor: Harbor
}

/** A client whose own provider has a second one standing in for it. */
export async function two(options: HarborOptions = {}, entry: ProviderOptions = {}): Promise<Two> {
  const simulator = await startSimulator({ providers: { primary: {}, backup: {} } })
  onTestFinished(() => simulator.close())
  const [primary, backup] = [simulator.provider('primary'), simulator.provider('backup')]
  const harbor = harborFor(primary, {
    providers: { backup: { apiKey: 'backup-key', baseURL: backup.baseURL, ...entry } },
    fallback: ['backup/gpt-4'],
    ...options,
  })
  return { primary, backup, harbor }
}

/** Who answered. */
export async function targetOf(call: PromiseLike<unknown>): Promise<string | undefined> {
  return receiptOf(await call)?.target
}

export const CHAT_ANSWER = {
  id: 'c',
  object: 'chat.completion',
  choices: [{ index: 0, message: { role: 'assistant', content: 'Hi' }, finish_reason: 'stop' }],
}
