import { startSimulator, type ProviderScript, type SimulatedProvider } from '@harbor/simulator'
import { onTestFinished } from 'vitest'
import {
  receiptOf,
  type Harbor,
  type HarborFetchOptions,
  type HarborOptions,
  type ProviderOptions,
} from '../../src/index.ts'
import { harborFor } from './harbor-for.ts'

/** What the two models answer: neither text can be taken for the other, nor for a part of it. */
export const PRIMARY_SAYS = 'The first of them says what it was asked to say and not a word more than that.'
export const BACKUP_SAYS = 'Another one stands in: here is its own answer, whole and from its very beginning.'

export const PRIMARY = 'openai/gpt-4'
export const BACKUP = 'backup/gpt-4'

interface Simulated {
  readonly primary: SimulatedProvider
  readonly backup: SimulatedProvider
}

/** Two simulated providers of one test: the client's own, and the one that takes over. */
export interface TwoProviders extends Simulated {
  /** Options under which the backup takes over for every model. */
  readonly options: HarborFetchOptions
}

/** Starts both providers; the test makes its own client from `options`. */
export async function twoProviders(
  primary: ProviderScript = {},
  backup: ProviderScript = {},
): Promise<TwoProviders> {
  const providers = await start({
    primary: { reply: PRIMARY_SAYS, ...primary },
    backup: { reply: BACKUP_SAYS, ...backup },
  })
  const options = {
    providers: { backup: { apiKey: 'backup-key', baseURL: providers.backup.baseURL } },
    fallback: { '*': [BACKUP] },
  }
  return { ...providers, options }
}

/**
 * Starts both providers, and a `Harbor` whose own provider has the backup.
 * @param entry more options of `providers.backup`
 */
export async function harborWithBackup(
  options: HarborOptions = {},
  entry: ProviderOptions = {},
): Promise<Simulated & { readonly harbor: Harbor }> {
  const { primary, backup } = await start({ primary: {}, backup: {} })
  const harbor = harborFor(primary, {
    providers: { backup: { apiKey: 'backup-key', baseURL: backup.baseURL, ...entry } },
    fallback: [BACKUP],
    ...options,
  })
  return { primary, backup, harbor }
}

/** The name of the target that answered a call. */
export async function targetOf(call: PromiseLike<unknown>): Promise<string | undefined> {
  return receiptOf(await call)?.target
}

async function start(providers: Record<keyof Simulated, ProviderScript>): Promise<Simulated> {
  const simulator = await startSimulator({ providers })
  onTestFinished(() => simulator.close())
  return { primary: simulator.provider('primary'), backup: simulator.provider('backup') }
}
