import { describe, expect, it } from 'vitest'
import {
  budgetUsed,
  OptionError,
  perCall,
  receiptOf,
  type AlertNotice,
  type HarborOptions,
  type Labels,
  type SpendPot,
} from '../src/index.ts'
import { engineOf } from '../src/engine.ts'
import { MAX_POTS } from '../src/cost/pots.ts'
import { spendLimitsOf } from '../src/options/spend-limit-options.ts'
import { failureOf } from './helpers/expect-failure.ts'
import { answering, ask, chat, models } from './helpers/fixed-answers.ts'
import { harborFetchFor, harborFor } from './helpers/harbor-for.ts'
import { sendJson, serve } from './helpers/http-server.ts'

/** Each call costs one cent: 5,000 output tokens at two dollars for a million. */
const ANSWER = chat('x', { usage: { prompt_tokens: 0, completion_tokens: 5_000, total_tokens: 5_000 } })
const BY_TENANT = { usd: 0.0205, per: 'day', by: 'tenant' } as const
const IN_ALL = { usd: 1, per: 'day' } as const

const paying = (options: HarborOptions) => answering(ANSWER, options)
const body = (content = 'Hi') => ask(content, { max_completion_tokens: 5_000, temperature: 0 })
const of = (tenant: string) => perCall({ labels: { tenant } })
type Short = readonly [string, string | undefined, string | undefined, number, number]
const short = (pots: readonly SpendPot[]): Short[] =>
  pots.map(({ limit, value, usedUsd, reservedUsd }) => [limit.per, limit.by, value, usedUsd, reservedUsd])

describe('a spend limit by a label', () => {
  it('gives each value its own money, and calls without the label theirs', async () => {
    const { harbor } = await paying({ spendLimit: BY_TENANT })
    for (const options of [of('a'), of('b'), {}]) {
      await harbor.chat.completions.create(body(), options)
      await harbor.chat.completions.create(body(), options)
      const error = await failureOf(harbor.chat.completions.create(body(), options))
      expect(error).toMatchObject({ status: 402, code: 'spend_limit' })
    }
    expect(short(harbor.spend())).toEqual(
      ['a', 'b', ''].map((value) => ['day', 'tenant', value, expect.closeTo(0.02, 9) as number, 0]),
    )
  })

  it('names in its refusal the limit and the value that ran dry, what is left, and until when', async () => {
    const { harbor, requests } = await paying({ spendLimit: [IN_ALL, BY_TENANT] })
    const tooLarge = ask('Hi', { max_completion_tokens: 20_000 })
    const error = (await failureOf(harbor.chat.completions.create(tooLarge, of('acme\n"x"')))) as Error
    expect(error.message).toMatch(
      /may cost \$0\.04\d+, and \$0\.020500 of the spendLimit of \$0\.0205 per day for tenant "acme\?\\"x\\"" is left\. It is renewed at \S+T00:00:00\.000Z/,
    )
    expect(error).toMatchObject({ headers: expect.anything() as unknown })
    const nobody = (await failureOf(harbor.chat.completions.create(tooLarge))) as Error
    expect(nobody.message).toContain('per day for calls without tenant is left')
    const huge = ask('Hi', { max_completion_tokens: 600_000 })
    const inAll = (await failureOf(
      harbor.withOptions({ spendLimit: [IN_ALL, { ...BY_TENANT, usd: 5 }] }).chat.completions.create(huge),
    )) as Error
    expect(inAll.message).toContain('of the spendLimit of $1 per day is left')
    expect(requests).toHaveLength(0)
  })

  it('cuts a long value in its refusal', async () => {
    const { harbor } = await paying({ spendLimit: { ...BY_TENANT, usd: 1e-6 } })
    const error = (await failureOf(harbor.chat.completions.create(body(), of('t'.repeat(200))))) as Error
    expect(error.message).toContain(`tenant "${'t'.repeat(64)}…"`)
    expect(error.message).not.toContain('t'.repeat(65))
  })

  it('reserves nothing under the other limits for a call that one of them refuses', async () => {
    const { harbor } = await paying({ spendLimit: [IN_ALL, { ...BY_TENANT, usd: 1e-6 }] })
    await failureOf(harbor.chat.completions.create(body(), of('a')))
    expect(short(harbor.spend())).toEqual([['day', undefined, undefined, 0, 0]])
  })

  it('applies with the labels of the client, of a copy and of a call, the last of which wins', async () => {
    const { harbor } = await paying({ spendLimit: BY_TENANT, labels: { tenant: 'client' } })
    const copy = harbor.withOptions({ labels: { tenant: 'copy' } })
    await harbor.chat.completions.create(body())
    await copy.chat.completions.create(body())
    await copy.chat.completions.create(body(), of('call'))
    const used = (tenant: string) => harbor.spend({ tenant })[0]?.usedUsd
    expect([used('client'), used('copy'), used('call')]).toEqual([0.01, 0.01, 0.01])
  })

  it('counts with the limits of all copies of the same period and label, and for each by its own amount', async () => {
    const { harbor } = await paying({ spendLimit: BY_TENANT })
    const poorer = harbor.withOptions({ spendLimit: { ...BY_TENANT, usd: 0.0105 } })
    const free = harbor.withOptions({ spendLimit: false })
    await free.chat.completions.create(body(), of('a'))
    await poorer.chat.completions.create(body(), of('a'))
    expect(await failureOf(poorer.chat.completions.create(body(), of('a')))).toMatchObject({ status: 402 })
    await harbor.chat.completions.create(body(), of('a'))
    expect(poorer.spend({ tenant: 'a' })).toMatchObject([{ usedUsd: 0.02, leftUsd: 0 }])
    expect(free.spend()).toEqual([])
  })

  it('keeps what was spent when configure() changes it', async () => {
    const { harbor } = await paying({ spendLimit: { ...BY_TENANT, usd: 0.0105 } })
    await harbor.chat.completions.create(body(), of('a'))
    expect(await failureOf(harbor.chat.completions.create(body(), of('a')))).toMatchObject({ status: 402 })
    harbor.configure({ spendLimit: [IN_ALL, BY_TENANT] })
    await harbor.chat.completions.create(body(), of('a'))
    expect(await failureOf(harbor.chat.completions.create(body(), of('a')))).toMatchObject({ status: 402 })
    expect(short(harbor.spend())).toEqual([
      ['day', undefined, undefined, 0.01, 0],
      ['day', 'tenant', 'a', 0.02, 0],
    ])
  })

  it('holds under createHarborFetch, whose copies have their own labels', async () => {
    const upstream = await serve((_, response) => sendJson(response, ANSWER))
    const fetch = harborFetchFor({ models, spendLimit: [IN_ALL, BY_TENANT] })
    const acme = fetch.with({ labels: { tenant: 'acme' } })
    const send = async (by: typeof fetch): Promise<number> => {
      const init = { method: 'POST', body: JSON.stringify(body()) }
      const { status, body: answer } = await by(`${upstream.baseURL}/chat/completions`, init)
      await answer?.cancel()
      return status
    }
    expect([await send(acme), await send(acme), await send(acme), await send(fetch)]).toEqual([
      200, 200, 402, 200,
    ])
    expect(short(fetch.spend({ tenant: 'acme' }))).toEqual([['day', 'tenant', 'acme', 0.02, 0]])
    expect(short(acme.spend()).map(([, , value]) => value)).toEqual([undefined, 'acme'])
    expect(short(fetch.spend()).map(([, , value]) => value)).toEqual([undefined, 'acme', ''])
  })

  it('refuses by name a call whose value is one too many to be counted', async () => {
    const { harbor, requests } = await paying({ spendLimit: BY_TENANT })
    const ledger = engineOf((harbor as unknown as { fetch: unknown }).fetch)?.ledger
    const limits = spendLimitsOf(BY_TENANT) ?? []
    for (let count = 0; count < MAX_POTS; count++) ledger?.reserve(0.01, limits, { tenant: `t${count}` })
    const error = (await failureOf(harbor.chat.completions.create(body(), of('acme')))) as Error
    expect(error).toMatchObject({ status: 402, code: 'spend_limit', param: 'labels' })
    expect(error.message).toMatch(/money of 100000 values of labels already.*for tenant "acme".*renewed at/)
    await harbor.chat.completions.create(body(), of('t7'))
    expect(requests).toHaveLength(1)
  })

  it.each<[unknown, string]>([
    [[IN_ALL, { usd: 1 }], 'spendLimit[1].per is missing'],
    [[IN_ALL, null], 'spendLimit[1] must be an object'],
    [[IN_ALL, { ...IN_ALL, usd: 2 }], 'spendLimit[1] counts the same money as spendLimit[0]'],
    [{ ...BY_TENANT, by: '' }, 'spendLimit.by must be the name of a label'],
    [[{ ...BY_TENANT, by: 'a b' }], 'spendLimit[0].by must be the name of a label'],
    [{ ...IN_ALL, form: 'day' }, 'Unknown option spendLimit.form'],
    [Array.from({ length: 17 }, (_, at) => ({ ...IN_ALL, by: `l${at}` })), 'may have at most 16'],
    ['much', 'spendLimit must be an object of options, a list of such objects, or false'],
  ])('is refused by name if it is invalid: %j', (spendLimit, message) => {
    const make = () => harborFor({ baseURL: 'http://127.0.0.1:1/v1' }, { spendLimit: spendLimit as never })
    expect(make).toThrow(OptionError)
    expect(make).toThrow(message)
  })

  it('needs that every limit allows calls without a price', async () => {
    const allow = { ...BY_TENANT, unpriced: 'allow' } as const
    const { harbor } = await paying({ spendLimit: [allow, IN_ALL], models: {} })
    const unpriced = { ...body(), model: 'no-such-model' }
    expect(await failureOf(harbor.chat.completions.create(unpriced))).toMatchObject({ param: 'price' })
    harbor.configure({ spendLimit: [allow, { ...IN_ALL, unpriced: 'allow' }] })
    await harbor.chat.completions.create(unpriced)
  })

  it('does not change when the caller changes the options object later', async () => {
    const limit: { usd: number; per: 'day'; by: string } = { ...BY_TENANT }
    const { harbor } = await paying({ spendLimit: [limit] })
    limit.usd = 1e-9
    limit.by = 'other'
    await harbor.chat.completions.create(body(), of('a'))
    expect(harbor.spend({ tenant: 'a' })).toMatchObject([{ limit: BY_TENANT, usedUsd: 0.01 }])
  })
})

describe('harbor.spend()', () => {
  it('returns with labels only the money of these labels', async () => {
    const { harbor } = await paying({
      spendLimit: [IN_ALL, BY_TENANT, { usd: 3, per: 'hour', by: 'feature' }],
    })
    for (const labels of [{ tenant: 'a', feature: 'x' }, { tenant: 'b' }, {}])
      await harbor.chat.completions.create(body(), perCall({ labels }))
    expect(short(harbor.spend({ tenant: 'a' }))).toEqual([['day', 'tenant', 'a', 0.01, 0]])
    expect(short(harbor.spend({ tenant: 'a', feature: 'y', other: 'a' }))).toEqual([
      ['day', 'tenant', 'a', 0.01, 0],
      ['hour', 'feature', 'y', 0, 0],
    ])
    expect(harbor.spend({ other: 'a' })).toEqual([])
    expect(harbor.spend({})).toEqual([])
    expect(() => harbor.spend({ tenant: 7 as never })).toThrow(OptionError)
    expect(short(harbor.spend())).toEqual([
      ['day', undefined, undefined, expect.closeTo(0.03, 9), 0],
      ['day', 'tenant', 'a', 0.01, 0],
      ['day', 'tenant', 'b', 0.01, 0],
      ['day', 'tenant', '', 0.01, 0],
      ['hour', 'feature', 'x', 0.01, 0],
      ['hour', 'feature', '', 0.02, 0],
    ])
    expect(short(harbor.withOptions({ labels: { tenant: 'a' } }).spend())[1]).toEqual([
      'day',
      'tenant',
      'a',
      0.01,
      0,
    ])
    expect(short(harbor.withOptions({ labels: { tenant: 'a' } }).spend())).toHaveLength(4)
  })

  it('returns what is reserved and left while a call is in flight, and until when it counts', async () => {
    let answer = (): void => undefined
    const upstream = await serve((_, response) => {
      answer = () => sendJson(response, ANSWER)
    })
    const harbor = harborFor(upstream, { models, spendLimit: [{ usd: 1, per: 'total' }, BY_TENANT] })
    const call = harbor.chat.completions.create(body(), of('a'))
    await expect.poll(() => upstream.requests.length).toBe(1)
    const [all, own] = harbor.spend()
    expect(all).toEqual({
      limit: { usd: 1, per: 'total' },
      usedUsd: 0,
      reservedUsd: expect.closeTo(0.01, 4) as number,
      leftUsd: expect.closeTo(0.99, 4) as number,
    })
    expect(own).toMatchObject({
      limit: BY_TENANT,
      value: 'a',
      untilMs: Math.ceil(Date.now() / 864e5) * 864e5,
    })
    answer()
    await call
    expect(short(harbor.spend({ tenant: 'a' }))).toEqual([['day', 'tenant', 'a', 0.01, 0]])
  })
})

describe('explain()', () => {
  it('returns the money from which a call would be paid, and nothing without a limit', async () => {
    const { harbor } = await paying({ spendLimit: [IN_ALL, BY_TENANT], labels: { tenant: 'a' } })
    await harbor.chat.completions.create(body())
    await harbor.chat.completions.create(body(), of('b'))
    expect(short(harbor.explain(body()).spend)).toEqual([
      ['day', undefined, undefined, 0.02, 0],
      ['day', 'tenant', 'a', 0.01, 0],
    ])
    expect(harbor.explain(body(), { labels: { tenant: 'b' } }).spend[1]).toMatchObject({
      value: 'b',
      leftUsd: expect.closeTo(0.0105, 9) as number,
    })
    const unset = { tenant: undefined } as unknown as Labels
    expect(harbor.explain(body(), { labels: unset }).spend[1]).toMatchObject({ value: 'a' })
    expect(harbor.withOptions({ spendLimit: false }).explain(body()).spend).toEqual([])
  })
})

describe('an attempt that may have been billed', () => {
  it('keeps its reservation in the money of its label, and of no other', async () => {
    const upstream = await serve((request, response) => {
      if (request.body.includes('lost')) response.destroy()
      else sendJson(response, ANSWER)
    })
    const harbor = harborFor(upstream, { models, maxRetries: 0, spendLimit: [IN_ALL, BY_TENANT] })
    const lost = await failureOf(harbor.chat.completions.create(body('lost'), of('a')))
    expect(receiptOf(lost)?.possiblyBilled).toBe(1)
    const { possiblyBilledUsd } = harbor.stats().cost
    expect(possiblyBilledUsd).toBeGreaterThan(0.01)
    expect(harbor.spend({ tenant: 'a' })[0]?.usedUsd).toBeCloseTo(possiblyBilledUsd, 12)
    expect(harbor.spend()[0]?.usedUsd).toBeCloseTo(possiblyBilledUsd, 12)
    await harbor.chat.completions.create(body(), of('b'))
    expect(harbor.spend({ tenant: 'b' })[0]?.usedUsd).toBe(0.01)
  })
})

describe('an alert on budgetUsed', () => {
  it('names the value that has used its share, and has the money of all in its statistics', async () => {
    const { harbor } = await paying({
      spendLimit: [IN_ALL, BY_TENANT],
      alerts: [{ name: 'money', when: budgetUsed({ ratio: 0.9 }), forMs: 1, notify: () => undefined }],
    })
    const fired = new Promise<AlertNotice>((resolve) => harbor.on('alert', resolve))
    for (const tenant of ['acme', 'small', 'acme']) await harbor.chat.completions.create(body(), of(tenant))
    const { text, stats } = await fired
    expect(text).toMatch(
      /^Firing: money: \$0\.0200 of the \$0\.0205 for this day spent by tenant "acme", expected/,
    )
    expect(stats.budgets).toMatchObject([
      { limitUsd: 1, per: 'day', usedUsd: expect.closeTo(0.03, 9) as number },
      { limitUsd: 0.0205, by: 'tenant', value: 'acme', usedUsd: 0.02 },
      { limitUsd: 0.0205, by: 'tenant', value: 'small', usedUsd: 0.01 },
    ])
  })
})
