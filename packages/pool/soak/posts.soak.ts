import { expect, it } from 'vitest'
import { postWhileServerCloses } from '../test/stale-posts.ts'

it('sends 10,000 POSTs without ECONNRESET and without executing one twice, while the server closes idle sockets at random', async () => {
  const { closed, staleRetries } = await postWhileServerCloses(10_000)
  console.log({ closed, staleRetries })
  expect(staleRetries).toBeGreaterThan(0)
})
