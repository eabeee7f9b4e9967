import { beforeEach, describe, expect, it, vi } from 'vitest'
import { UndiciUnavailableError } from '../errors.ts'
import { loadDispatcher } from './load-dispatcher.ts'
import { readOptions } from '../options.ts'

const createDispatcher = vi.hoisted(() => vi.fn<() => unknown>())
vi.mock('./create-dispatcher.ts', () => ({ createDispatcher }))

const load = (): Promise<unknown> => loadDispatcher(readOptions({}), () => ({}) as never)

beforeEach(() => void createDispatcher.mockReset())

describe('loading undici', () => {
  it('says what to do where a runtime has replaced undici by something without its methods', async () => {
    createDispatcher.mockReturnValue({ close: () => undefined })
    const error: unknown = await load().catch((reason: unknown) => reason)
    expect(UndiciUnavailableError.is(error)).toBe(true)
    expect(String(error)).toMatch(
      /^UndiciUnavailableError: undici cannot run here\. .*In Bun, use its own fetch\.$/,
    )
  })

  it('says what to do in a bundle in which require is missing, with the words of the bundler', async () => {
    createDispatcher.mockImplementation(() => {
      throw new Error('Dynamic require of "node:assert" is not supported')
    })
    await expect(load()).rejects.toThrow(
      /^undici cannot run here: Dynamic require of "node:assert" is not supported\. .*--external:undici/,
    )
  })

  it('leaves an error of the system as it is, since the next request may have more luck', async () => {
    const problem = Object.assign(new Error('too many open files'), { code: 'EMFILE' })
    createDispatcher.mockImplementation(() => {
      throw problem
    })
    await expect(load()).rejects.toBe(problem)
  })
})
