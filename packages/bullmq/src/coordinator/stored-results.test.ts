import { expect, it, onTestFinished, vi } from 'vitest'
import type { FleetQueue } from './fleet-queue.ts'
import { StoredResults } from './stored-results.ts'

it('ends with the run: a result that Redis did not remove is not tried again, which would keep the process from ending', async () => {
  vi.useFakeTimers()
  onTestFinished(() => void vi.useRealTimers())
  const reply = Promise.withResolvers<never>()
  const queue = { forget: () => reply.promise } as unknown as FleetQueue
  const errors: unknown[] = []
  const stored = new StoredResults(queue, new Set(), (error) => errors.push(error))
  stored.acknowledge('job')
  await vi.runAllTimersAsync()
  stored.close()
  const closed = new Error('Connection is closed.')
  reply.reject(closed)
  await vi.runAllTimersAsync()
  expect(errors).toEqual([closed])
  expect(vi.getTimerCount()).toBe(0)
})
