/** Each package that needs no Node.js, used once. It is bundled for browsers and run with the globals of a browser alone. */
import { createBatcher, createRateLimiter, readJsonl, runBulk } from '@harbor/batch'
import { CircuitBreaker } from '@harbor/breaker'
import { createCache, requestKey } from '@harbor/cache'
import { fallback } from '@harbor/fallback'
import { retry } from '@harbor/retry'

globalThis.outcome = (async () => {
  let attempts = 0
  const flaky = () => {
    if (++attempts < 2) throw new Error('not yet')
    return 'retried'
  }
  const breaker = new CircuitBreaker()
  const cache = createCache()
  const batcher = createBatcher(async (items) => items.map((item) => item * 2), { maxWaitMs: 1 })
  const limiter = createRateLimiter({ requestsPerMinute: 600 })
  ;(await limiter.acquire({ input: 1, output: 1 })).settle({ status: 200 })
  const lines = []
  const text = new Blob(['{"a":1}\n{"a":2}\n']).stream()
  for await (const { value } of readJsonl(text)) lines.push(value.a)
  const results = []
  for await (const result of runBulk([1, 2, 3], async (item) => item + 1)) results.push(result.value)
  const key = requestKey({ model: 'm' }, { baseURL: 'https://example.com/v1', scope: 'a' })
  const journal = await collect(runBulk([1], async () => 1, { journal: './run.journal' })).catch((error) => {
    for (let at = error; at; at = at.cause)
      if (/Use Node\.js, Bun or Deno/.test(at.message)) return 'explained'
    return String(error)
  })
  const got = {
    retry: await retry(flaky, { baseDelayMs: 1 }),
    breaker: await breaker.run(() => 'closed'),
    fallback: await fallback([() => Promise.reject(new Error('down')), () => Promise.resolve('second')]),
    cache: await cache.getOrLoad('a', async () => 'loaded'),
    batch: await batcher.add(21),
    lines: lines.join(),
    bulk: results.sort().join(),
    key,
    journal,
  }
  await cache.close()
  return JSON.stringify(got)
})()

async function collect(run) {
  const all = []
  for await (const result of run) all.push(result)
  return all
}
