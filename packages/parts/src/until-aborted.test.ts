import { getEventListeners } from 'node:events'
import { describe, expect, it, vi } from 'vitest'
import { discardBody, rejection, untilAborted } from './until-aborted.ts'

const reason = new Error('the caller left')

describe('untilAborted', () => {
  it('settles as the work does, and leaves no listener', async () => {
    const { signal } = new AbortController()
    await expect(untilAborted(signal, Promise.resolve('done'))).resolves.toBe('done')
    await expect(untilAborted(signal, () => Promise.reject(reason))).rejects.toBe(reason)
    await expect(untilAborted(undefined, () => Promise.resolve('done'))).resolves.toBe('done')
    expect(getEventListeners(signal, 'abort')).toHaveLength(0)
  })

  it('rejects as soon as the signal aborts, with its reason, and handles a later rejection of the work', async () => {
    const controller = new AbortController()
    const work = Promise.withResolvers<string>()
    const settled = untilAborted(controller.signal, work.promise)
    controller.abort(reason)
    await expect(settled).rejects.toBe(reason)
    work.reject(new Error('too late'))
    expect(getEventListeners(controller.signal, 'abort')).toHaveLength(0)
    await new Promise((resolve) => setTimeout(resolve, 1))
  })

  it('does not start the work when the signal is already aborted', async () => {
    const start = vi.fn(() => Promise.resolve())
    await expect(untilAborted(AbortSignal.abort(reason), start)).rejects.toBe(reason)
    expect(start).not.toHaveBeenCalled()
  })

  it('handles the rejection of work that was started before, when the signal is already aborted', async () => {
    const work = Promise.reject(new Error('ignored'))
    await expect(untilAborted(AbortSignal.abort(reason), work)).rejects.toBe(reason)
    await new Promise((resolve) => setTimeout(resolve, 1))
  })
})

describe('rejection', () => {
  it.each([[reason], ['text'], [undefined]])('rejects with %s unchanged', async (error) => {
    await expect(rejection(error)).rejects.toBe(error)
  })
})

describe('discardBody', () => {
  it('cancels the body of a Response, and ignores any other value', () => {
    const response = new Response('text')
    const cancel = vi.spyOn(response.body as ReadableStream, 'cancel')
    for (const value of [response, undefined, null, 'text', {}, { body: 'text' }, new Response(null)])
      discardBody(value)
    expect(cancel).toHaveBeenCalledTimes(1)
  })
})
