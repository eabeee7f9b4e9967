import { expect } from 'vitest'
import { seeded, startClosingServer } from './closing-server.ts'
import { startPool, statsOf } from './pool.ts'

/** Sends this number of POSTs to a server that closes idle connections at random; every hundredth response is cut in the middle. */
export async function postWhileServerCloses(
  times: number,
): Promise<{ closed: number; staleRetries: number }> {
  const { url, executed, closed } = await startClosingServer(seeded(1))
  const pool = startPool({ connections: 16 })
  const random = seeded(2)
  let next = 0
  const worker = async (): Promise<void> => {
    while (next < times) {
      const body = `${next % 100 === 99 ? 'cut' : 'post'} ${next++}`
      const answer = pool.fetch(url, { method: 'POST', body }).then((response) => response.text())
      if (body.startsWith('cut')) await expect(answer).rejects.toThrow('fetch failed')
      else expect(await answer).toBe(body)
      if (random() < 0.3) await new Promise((resolve) => setTimeout(resolve, random() * 4))
    }
  }
  await Promise.all(Array.from({ length: 32 }, worker))
  expect(executed.size).toBe(times)
  expect(new Set(executed.values())).toEqual(new Set([1]))
  const { open, opened, staleRetries, errors, ...rest } = statsOf(pool)
  expect(open).toBe(opened - rest.closed)
  expect(errors).toBe(times / 100)
  return { closed: closed(), staleRetries }
}
