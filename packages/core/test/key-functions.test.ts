import { describe, expect, it, onTestFinished } from 'vitest'
import { Harbor, receiptOf, type HarborOptions } from '../src/index.ts'
import { failureOf } from './helpers/expect-failure.ts'
import { harborFor } from './helpers/harbor-for.ts'
import { serve, type UpstreamRequest } from './helpers/http-server.ts'
import { answerFor, ask, chat } from './helpers/tenant-clients.ts'

const SECRET = 'secret-of-the-vault'
const failing = (): Promise<string> => Promise.reject(new Error(`the vault has ${SECRET}`))
const throwing = (): Promise<string> => {
  throw new Error(`the vault has ${SECRET}`)
}
const hanging = (): Promise<string> => new Promise(() => undefined)
const keysOf = (requests: readonly UpstreamRequest[]): unknown[] =>
  requests.map(({ headers }) => headers.authorization)

/** A client whose own provider is the first target, and one whose provider needs no function. */
async function withBackup(apiKey: HarborOptions['apiKey'], options: HarborOptions = {}) {
  const own = await serve(answerFor)
  const backup = await serve(answerFor)
  const lines: string[] = []
  const log = (...line: unknown[]): void => void lines.push(line.map(String).join(' '))
  const harbor = harborFor(own, {
    apiKey,
    providers: { backup: { apiKey: 'B', baseURL: backup.baseURL } },
    fallback: ['backup/m'],
    logger: { error: log, warn: log, info: log, debug: log },
    logLevel: 'info',
    ...options,
  })
  return { own, backup, harbor, lines }
}

describe('a key function of the client’s own provider', () => {
  it.each([
    ['rejects', failing],
    ['throws', throwing],
    ['returns nothing', () => Promise.resolve(undefined as never)],
  ])('is a failure of that target when it %s: the fallback answers', async (_, apiKey) => {
    for (const stream of [false, true]) {
      const { own, backup, harbor } = await withBackup(apiKey)
      expect(await ask(harbor, 'Q', stream)).toBe('Q for B')
      expect(own.requests).toHaveLength(0)
      expect(backup.requests).toHaveLength(1)
    }
  })

  it('is named in the receipt and the event as the reason why another target was called', async () => {
    const { harbor, lines } = await withBackup(failing)
    const fallbacks: unknown[] = []
    harbor.on('fallback', ({ from, to, reason, skipped }) => fallbacks.push({ from, to, reason, skipped }))
    const answer = await harbor.chat.completions.create(chat('Q'))
    const reason = 'nothing was sent (credential_failed)'
    expect(receiptOf(answer)).toMatchObject({
      target: 'backup/m',
      attempts: [{ target: 'backup/m', reason: 'fallback' }],
      skipped: [{ target: 'openai/gpt-4', reason }],
    })
    expect(fallbacks).toEqual([{ from: 'openai/gpt-4', to: 'backup/m', reason: 'refused', skipped: reason }])
    expect(lines.join('\n')).toContain(`openai/gpt-4 was left out (${reason}), backup/m takes over`)
  })

  it('is passed over when it hangs for longer than an attempt may take', async () => {
    const { own, harbor } = await withBackup(hanging, { timeouts: { attemptMs: 20 } })
    expect(await ask(harbor, 'Q')).toBe('Q for B')
    expect(own.requests).toHaveLength(0)
  })

  it('is passed over at half of the time of the call when no attempt has a limit of its own', async () => {
    const { harbor } = await withBackup(hanging, { timeout: 2_000 })
    expect(await ask(harbor, 'Q')).toBe('Q for B')
  })

  it('says what happened when no other target is left, without the key and its own error', async () => {
    for (const apiKey of [failing, throwing]) {
      const { harbor, lines } = await withBackup(apiKey, { fallback: undefined })
      const error = (await failureOf(ask(harbor, 'Q'))) as Error
      expect(error).toMatchObject({ status: 401, code: 'credential_failed' })
      expect(error.message).toMatch(/apiKey function of the client.* threw, so nothing was sent/)
      expect(error.message + lines.join('\n') + JSON.stringify(receiptOf(error))).not.toContain(SECRET)
    }
  })

  it('says that it took too long when it hangs for an attempt, and ends with the call otherwise', async () => {
    const alone = { fallback: undefined, maxRetries: 0 }
    const short = await withBackup(hanging, { ...alone, timeouts: { attemptMs: 20 } })
    const error = (await failureOf(ask(short.harbor, 'Q'))) as Error
    expect(error).toMatchObject({ status: 401, code: 'credential_failed' })
    expect(error.message).toMatch(/apiKey function of the client.* did not return within 20 ms/)
    const whole = await withBackup(hanging, { ...alone, timeout: 50 })
    expect((await failureOf(ask(whole.harbor, 'Q'))) as Error).toMatchObject({
      message: expect.stringMatching(/timed out/i) as string,
    })
  })

  it('is one of several keys: the next one signs when it fails', async () => {
    for (const first of [failing, throwing]) {
      const second = (): Promise<string> => Promise.resolve('two')
      const { own, harbor } = await withBackup(undefined, {
        fallback: undefined,
        providers: { openai: { apiKey: [first, second] } },
      })
      expect(await ask(harbor, 'Q')).toBe('Q for two')
      expect(keysOf(own.requests)).toEqual(['Bearer two'])
    }
  })

  it('signs each attempt with its latest key, and is called once for each', async () => {
    let calls = 0
    const { own, harbor } = await withBackup(() => Promise.resolve(`key ${++calls}`))
    for (const text of ['a', 'b']) await ask(harbor, text)
    expect(keysOf(own.requests)).toEqual(['Bearer key 1', 'Bearer key 2'])
    expect(calls).toBe(2)
  })

  it('is not called for an answer from the cache, which belongs to the function', async () => {
    let calls = 0
    const counted = (): Promise<string> => Promise.resolve(`one.${++calls}`)
    const { own, harbor } = await withBackup(counted, { cache: true })
    const other = harbor.withOptions({ apiKey: () => Promise.resolve('two') })
    const ask3 = async () => [await ask(harbor, 'Q'), await ask(harbor, 'Q'), await ask(other, 'Q')]
    expect(await ask3()).toEqual(['Q for one', 'Q for one', 'Q for two'])
    expect(calls).toBe(1)
    expect(keysOf(own.requests)).toEqual(['Bearer one.1', 'Bearer two'])
  })

  it('is called by the SDK for a client whose fetch was replaced, and for a class with hooks', async () => {
    const { own, harbor } = await withBackup(() => Promise.resolve('K'))
    const { fetch } = harbor as unknown as { fetch: typeof globalThis.fetch }
    Object.assign(harbor, { fetch: (...given: Parameters<typeof fetch>) => fetch(...given) })
    expect(await ask(harbor, 'Q')).toBe('Q for K')
    const seen: (string | null)[] = []
    class Hooked extends Harbor {
      override async prepareRequest(
        ...[request, context]: Parameters<Harbor['prepareRequest']>
      ): Promise<void> {
        await super.prepareRequest(request, context)
        seen.push((request.headers as Headers).get('authorization'))
      }
    }
    const hooked = new Hooked({ baseURL: own.baseURL, apiKey: () => Promise.resolve('K'), logLevel: 'off' })
    onTestFinished(() => hooked.close())
    expect(await ask(hooked, 'Q')).toBe('Q for K')
    expect(seen).toEqual(['Bearer K'])
    expect(keysOf(own.requests)).toEqual(['Bearer K', 'Bearer K'])
  })
})

describe('a key function of another provider', () => {
  it('is passed over when it hangs for longer than an attempt may take', async () => {
    const { backup, own, harbor } = await withBackup('A')
    const both = harborFor(own, {
      apiKey: 'A',
      providers: { slow: { apiKey: hanging, baseURL: backup.baseURL } },
      fallback: { 'slow/m': ['m'] },
      timeouts: { attemptMs: 20 },
    })
    expect((await both.chat.completions.create(chat('Q', 'slow/m'))).choices[0]?.message.content).toBe(
      'Q for A',
    )
    expect(backup.requests).toHaveLength(0)
    await harbor.close()
  })
})
