import { untilAborted } from '@harbor/parts'
import { isForm } from '../fetch/outgoing-body.ts'
import type { LazyDispatcher } from './lazy-dispatcher.ts'

/** undici's own fetch over the pool's connections. It also takes a Request or FormData of the built-in classes. */
export function createSpecFetch(lazy: LazyDispatcher, throwIfClosed: () => void): typeof globalThis.fetch {
  const specFetch = async (input: string | URL | Request, init?: RequestInit): Promise<unknown> => {
    throwIfClosed()
    const form = isForm(init?.body) ? [...init.body] : undefined // a copy, since the caller may change the form while undici loads
    const signal = init?.signal ?? (input instanceof Request ? input.signal : undefined)
    const loading = Promise.all([lazy.ready(), import('./undici-fetch.ts')])
    const [dispatcher, { undiciFetch }] = await untilAborted(signal, loading)
    return undiciFetch(dispatcher, input, init, form)
  }
  return specFetch as typeof globalThis.fetch
}
