import type { Dispatcher } from 'undici'
import { codeOf, UndiciUnavailableError } from '../errors.ts'
import type { PoolSettings } from '../options.ts'
import type { OriginLedger } from '../connections/origin-ledger.ts'

/**
 * Loads undici and makes the dispatcher of a pool with it.
 *
 * @throws UndiciUnavailableError where undici cannot run
 */
export async function loadDispatcher(
  settings: PoolSettings,
  ledgerOf: (origin: string) => OriginLedger,
): Promise<Dispatcher> {
  try {
    const { createDispatcher } = await import('./create-dispatcher.ts')
    return checked(createDispatcher(settings, ledgerOf))
  } catch (error) {
    // Too many open files, say, is no reason to give up: the next request tries again.
    if (UndiciUnavailableError.is(error) || /^E[A-Z]+$/.test(codeOf(error) ?? '')) throw error
    throw new UndiciUnavailableError(error)
  }
}

/** Runtimes that replace undici by a module of theirs leave methods out. */
function checked(dispatcher: Partial<Dispatcher>): Dispatcher {
  if (typeof dispatcher.dispatch !== 'function') throw new UndiciUnavailableError()
  return dispatcher as Dispatcher
}
