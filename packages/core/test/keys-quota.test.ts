import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { until } from './helpers/closing.ts'
import { hello, keyOf, WAYS } from './helpers/key-server.ts'
import { CHAT_ANSWER, sendJson, serve } from './helpers/http-server.ts'

const KEYS = ['key-a', 'key-b', 'key-c']
/** The number of requests that a limit admits in a day. */
const PER_DAY = 5

/** Starts a server that answers no request before `answer()` is called, and counts the requests of each organization. */
async function serveHeld(organizationOf: Record<string, string>) {
  const counts: Record<string, number> = {}
  let answer = (): void => undefined
  const answering = new Promise<void>((resolve) => (answer = resolve))
  const server = await serve((request, response) => {
    const key = keyOf(request)
    const name = organizationOf[key]
    counts[name ?? key] = (counts[name ?? key] ?? 0) + 1
    if (name !== undefined) response.setHeader('openai-organization', name)
    void answering.then(() => {
      sendJson(response, CHAT_ANSWER)
    })
  })
  const total = (): number => Object.values(counts).reduce((sum, each) => sum + each, 0)
  return { ...server, counts, total, answer }
}

describe.each(WAYS)('limits of keys whose organization is not known yet ($name)', ({ open }) => {
  function callsTo(baseURL: string) {
    const { client, model } = open(baseURL, KEYS, { limits: { requestsPerDay: PER_DAY, safety: 1 } })
    const control = new AbortController()
    const { signal } = control
    const calls: Promise<unknown>[] = []
    return {
      start: (count: number) => {
        for (let call = 0; call < count; call++)
          calls.push(client.chat.completions.create(hello(model), { signal }))
        return Promise.allSettled(calls)
      },
      end: () => {
        control.abort(new Error('The test is over.'))
        return Promise.allSettled(calls)
      },
    }
  }

  it('are those of one organization, so that its quota is not exceeded', async () => {
    const server = await serveHeld({ 'key-a': 'one', 'key-b': 'one', 'key-c': 'one' })
    const { start, end } = callsTo(server.baseURL)
    void start(2 * PER_DAY)
    await until(() => server.total() >= PER_DAY)
    await sleep(100)
    server.answer()
    await sleep(100)
    expect(server.counts).toEqual({ one: PER_DAY })
    await end()
  })

  it('become those of each organization when answers name them', async () => {
    const server = await serveHeld({ 'key-a': 'one', 'key-b': 'one', 'key-c': 'two' })
    server.answer()
    const { start, end } = callsTo(server.baseURL)
    // The first organization that is named takes over what was counted before.
    await start(1)
    await start(PER_DAY - 1)
    const { one, two = 0 } = server.counts
    void start(2 * PER_DAY)
    await until(() => server.counts['two'] === two + PER_DAY)
    await sleep(100)
    expect(server.counts).toEqual({ one, two: two + PER_DAY })
    await end()
  })

  it('become those of each key when answers name no organization', async () => {
    const server = await serveHeld({})
    server.answer()
    const { start } = callsTo(server.baseURL)
    await start(PER_DAY)
    await start(3 * PER_DAY)
    expect(server.total()).toBe(4 * PER_DAY)
  })
})
