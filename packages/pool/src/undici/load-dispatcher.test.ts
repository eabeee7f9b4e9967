import { beforeEach, describe, expect, it, vi } from 'vitest'
import { UndiciUnavailableError } from '../errors.ts'
import { loadDispatcher } from './load-dispatcher.ts'
import { readOptions } from '../options.ts'

const createDispatcher = vi.hoisted(() => vi.fn<() => unknown>())
vi.mock('./create-dispatcher.ts', () => ({ createDispatcher }))

const load = (): Promise<unknown> => loadDispatcher(readOptions({}), () => ({}) as never)

beforeEach(() => void createDispatcher.mockReset())

describe('loadDispatcher', () => {
  it('gives advice when a runtime has replaced undici by a module without its methods', async () => {
    createDispatcher.mockReturnValue({ close: () => undefined })
    const error: unknown = await load().catch((reason: unknown) => reason)
    expect(UndiciUnavailableError.is(error)).toBe(true)
    expect(String(error)).toMatch(
      /^UndiciUnavailableError: undici cannot run here\. .*In Bun, use its own fetch\.$/,
    )
  })

  it('gives advice in a bundle without require, with the message of the bundler', async () => {
    createDispatcher.mockImplementation(() => {
      throw new Error('Dynamic require of "node:assert" is not supported')
    })
    await expect(load()).rejects.toThrow(
      /^undici cannot run here: Dynamic require of "node:assert" is not supported\. .*--external:undici/,
    )
  })

  it('passes a system error on as it is, since the next request may succeed', async () => {
    const problem = Object.assign(new Error('too many open files'), { code: 'EMFILE' })
    createDispatcher.mockImplementation(() => {
      throw problem
    })
    await expect(load()).rejects.toBe(problem)
  })
})
