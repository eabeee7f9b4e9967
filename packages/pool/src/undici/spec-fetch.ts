import type { LateDispatcher } from './lazy-dispatcher.ts'
import { isForm } from '../fetch/outgoing-body.ts'
import { unlessAborted } from '../unless-aborted.ts'

/** undici's own fetch over the pool's connections, taking what the built-in classes made. */
export function createSpecFetch(late: LateDispatcher, check: () => void): typeof globalThis.fetch {
  const specFetch = async (input: string | URL | Request, init?: RequestInit): Promise<unknown> => {
    check()
    const form = isForm(init?.body) ? [...init.body] : undefined // as it is now, whatever becomes of it while we wait
    const signal = init?.signal ?? (input instanceof Request ? input.signal : undefined)
    const loading = Promise.all([late.ready(), import('./undici-fetch.ts')])
    const [dispatcher, { undiciFetch }] = await unlessAborted(loading, signal)
    return undiciFetch(dispatcher, input, init, form)
  }
  return specFetch as typeof globalThis.fetch
}
