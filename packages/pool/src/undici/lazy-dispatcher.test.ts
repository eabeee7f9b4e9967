import type { Dispatcher } from 'undici'
import { errors } from 'undici'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { LateDispatcher } from './lazy-dispatcher.ts'
import { createLeanFetch, type LeanFetch } from '../fetch/lean-fetch.ts'
import { readOptions } from '../options.ts'

let counter: { held: number }

function fetchOver(make: () => Promise<Dispatcher>): { late: LateDispatcher; fetch: LeanFetch } {
  const late = new LateDispatcher(make, () => counter)
  const context = { settingsOf: readOptions({}).of, onAbandoned: () => undefined, check: () => undefined }
  return { late, fetch: createLeanFetch({ ...context, dispatcher: late }) }
}

beforeEach(() => {
  counter = { held: 0 }
  vi.useFakeTimers()
})
afterEach(() => void vi.useRealTimers())

describe('LateDispatcher', () => {
  it('ends a request whose deadline passes meanwhile, with what undici would say', async () => {
    const { fetch } = fetchOver(() => new Promise(() => undefined))
    const failed = fetch('http://model.test/', { deadlineMs: 20 }).catch((error: unknown) => error)
    await vi.advanceTimersByTimeAsync(21)
    const { cause } = (await failed) as Error
    expect(cause).toBeInstanceOf(errors.HeadersTimeoutError)
    expect(cause).toBeInstanceOf(errors.UndiciError)
    expect(cause).not.toBeInstanceOf(errors.BodyTimeoutError)
    expect(cause).toMatchObject({ name: 'HeadersTimeoutError', code: 'UND_ERR_HEADERS_TIMEOUT' })
    expect(counter.held).toBe(0)
  })

  it('tells those who wait when it cannot be made, and tries again with the next request', async () => {
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
    expect(counter.held).toBe(0)
  })

  it('rejects a request that undici throws for, instead of the process', async () => {
    const problem = new TypeError('invalid header')
    const dispatch = (): boolean => {
      throw problem
    }
    const { fetch } = fetchOver(() => Promise.resolve({ dispatch } as never))
    await expect(fetch('http://a.test/')).rejects.toMatchObject({ message: 'fetch failed', cause: problem })
    expect(counter.held).toBe(0)
  })

  it('steps aside once the dispatcher is there', async () => {
    const dispatch = vi.fn<Dispatcher['dispatch']>(() => true)
    const { late } = fetchOver(() => Promise.resolve({ dispatch } as never))
    await late.ready()
    const [options, handler] = [{ path: '/', method: 'GET' } as const, {}]
    late.dispatch(options, handler)
    expect(dispatch).toHaveBeenCalledExactlyOnceWith(options, handler)
  })
})
