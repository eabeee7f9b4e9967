import type { Dispatcher } from 'undici'
import { errors } from 'undici'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { LazyDispatcher } from './lazy-dispatcher.ts'
import { createLeanFetch, type LeanFetch } from '../fetch/lean-fetch.ts'
import { readOptions } from '../options.ts'

let counter: { waitingForUndici: number }

function fetchOver(load: () => Promise<Dispatcher>): { lazy: LazyDispatcher; fetch: LeanFetch } {
  const lazy = new LazyDispatcher(load, () => counter)
  const context = {
    settingsOf: readOptions({}).of,
    onAbandoned: () => undefined,
    throwIfClosed: () => undefined,
  }
  return { lazy, fetch: createLeanFetch({ ...context, dispatcher: lazy }) }
}

beforeEach(() => {
  counter = { waitingForUndici: 0 }
  vi.useFakeTimers()
})
afterEach(() => void vi.useRealTimers())

describe('LazyDispatcher', () => {
  it('rejects a request whose deadline passes meanwhile, with the error that undici has for it', async () => {
    const { fetch } = fetchOver(() => new Promise(() => undefined))
    const failed = fetch('http://model.test/', { deadlineMs: 20 }).catch((error: unknown) => error)
    await vi.advanceTimersByTimeAsync(21)
    const { cause } = (await failed) as Error
    expect(cause).toBeInstanceOf(errors.HeadersTimeoutError)
    expect(cause).toBeInstanceOf(errors.UndiciError)
    expect(cause).not.toBeInstanceOf(errors.BodyTimeoutError)
    expect(cause).toMatchObject({ name: 'HeadersTimeoutError', code: 'UND_ERR_HEADERS_TIMEOUT' })
    expect(counter.waitingForUndici).toBe(0)
  })

  it('rejects waiting requests when loading fails, and loads again for the next request', async () => {
    const problem = Object.assign(new Error('too many open files'), { code: 'EMFILE' })
    const dispatch = vi.fn<Dispatcher['dispatch']>((_options, handler) => {
      handler.onResponseError?.(undefined as never, new Error('reached'))
      return true
    })
    const make = vi
      .fn<() => Promise<Dispatcher>>()
      .mockRejectedValueOnce(problem)
      .mockResolvedValueOnce({ dispatch } as never)
    const { fetch } = fetchOver(make)
    const first = Promise.allSettled([fetch('http://a.test/'), fetch('http://b.test/')])
    for (const result of await first) {
      expect(result).toMatchObject({ reason: { message: 'fetch failed', cause: problem } })
    }
    await expect(fetch('http://a.test/')).rejects.toMatchObject({ cause: { message: 'reached' } })
    expect(make).toHaveBeenCalledTimes(2)
    expect(counter.waitingForUndici).toBe(0)
  })

  it('rejects a request for which undici throws', async () => {
    const problem = new TypeError('invalid header')
    const dispatch = (): boolean => {
      throw problem
    }
    const { fetch } = fetchOver(() => Promise.resolve({ dispatch } as never))
    await expect(fetch('http://a.test/')).rejects.toMatchObject({ message: 'fetch failed', cause: problem })
    expect(counter.waitingForUndici).toBe(0)
  })

  it('calls the dispatcher directly once it is loaded', async () => {
    const dispatch = vi.fn<Dispatcher['dispatch']>(() => true)
    const { lazy } = fetchOver(() => Promise.resolve({ dispatch } as never))
    await lazy.ready()
    const [options, handler] = [{ path: '/', method: 'GET' } as const, {}]
    lazy.dispatch(options, handler)
    expect(dispatch).toHaveBeenCalledExactlyOnceWith(options, handler)
  })
})
