import type { Dispatcher } from 'undici'
import { codeOf, UndiciUnavailableError } from '../errors.ts'
import type { PoolSettings } from '../options.ts'
import type { OriginLedger } from '../connections/origin-ledger.ts'

/**
 * Loads undici and creates the dispatcher of a pool.
 *
 * @throws UndiciUnavailableError if undici cannot run here
 */
export async function loadDispatcher(
  settings: PoolSettings,
  ledgerOf: (origin: string) => OriginLedger,
): Promise<Dispatcher> {
  try {
    const { createDispatcher } = await import('./create-dispatcher.ts')
    return checked(createDispatcher(settings, ledgerOf))
  } catch (error) {
    // A system error such as too many open files is temporary: the next request tries again.
    if (UndiciUnavailableError.is(error) || /^E[A-Z]+$/.test(codeOf(error) ?? '')) throw error
    throw new UndiciUnavailableError(error)
  }
}

/**
 * Checks that this is undici's dispatcher. Some runtimes replace undici by a module of their own, which lacks methods.
 * @throws UndiciUnavailableError if it is not
 */
function checked(dispatcher: Partial<Dispatcher>): Dispatcher {
  if (typeof dispatcher.dispatch !== 'function') throw new UndiciUnavailableError()
  return dispatcher as Dispatcher
}
