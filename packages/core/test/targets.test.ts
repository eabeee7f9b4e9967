import type { Fault } from '@harbor/simulator'
import OpenAI from 'openai'
import { describe, expect, it, onTestFinished } from 'vitest'
import { startSimulator, type SimulatedProvider } from '@harbor/simulator'
import {
  createHarborFetch,
  fastest,
  Harbor,
  OptionError,
  perCall,
  receiptOf,
  weighted,
  type HarborOptions,
  type ProviderOptions,
} from '../src/index.ts'
import { failureOf, status } from './failing.ts'
import { harborFor, HELLO } from './support.ts'
import { sendJson, serve } from './upstream.ts'

interface Two {
  readonly primary: SimulatedProvider
  readonly backup: SimulatedProvider
  readonly harbor: Harbor
}

async function two(options: HarborOptions = {}, entry: ProviderOptions = {}): Promise<Two> {
  const simulator = await startSimulator({ providers: { primary: {}, backup: {} } })
  onTestFinished(() => simulator.close())
  const [primary, backup] = [simulator.provider('primary'), simulator.provider('backup')]
  const harbor = harborFor(primary, {
    providers: { backup: { apiKey: 'backup-key', baseURL: backup.baseURL, ...entry } },
    fallback: ['backup/gpt-4'],
    ...options,
  })
  return { primary, backup, harbor }
}

async function targetOf(call: PromiseLike<unknown>): Promise<string | undefined> {
  return receiptOf(await call)?.target
}

const CHAT_ANSWER = {
  id: 'c',
  object: 'chat.completion',
  choices: [{ index: 0, message: { role: 'assistant', content: 'Hi' }, finish_reason: 'stop' }],
}

describe('a request to another target', () => {
  it('carries no key, organization, cookie or header of the first', async () => {
    const receiver = await serve((_, response) => sendJson(response, CHAT_ANSWER))
    const { primary, harbor } = await two(
      {
        organization: 'org-secret',
        project: 'proj-secret',
        defaultHeaders: { cookie: 'c=secret', 'x-own': 'secret' },
      },
      { baseURL: receiver.baseURL, headers: { 'x-entry': 'mine' } },
    )
    primary.fail(status(501))
    await harbor.chat.completions.create(HELLO)
    const [request] = receiver.requests
    expect(request?.headers).toMatchObject({ authorization: 'Bearer backup-key', 'x-entry': 'mine' })
    expect(JSON.stringify(request)).not.toMatch(/secret|test-key/)
  })

  it('names its own model and its own limit, leaves out what the entry drops, and tells so', async () => {
    const { primary, backup, harbor } = await two(
      { fallback: ['backup/other'] },
      { dropParams: ['logit_bias', 'user'] },
    )
    primary.fail(status(501))
    const reply = await harbor.chat.completions.create({
      ...HELLO,
      max_completion_tokens: 50,
      logit_bias: { '1': 2 },
    })
    expect(backup.requests()[0]?.body).toEqual({ ...HELLO, model: 'other', max_tokens: 50 })
    expect(receiptOf(reply)?.attempts.map(({ adaptations }) => adaptations)).toEqual([
      [],
      ['max_completion_tokens sent as max_tokens', 'dropped logit_bias'],
    ])
  })

  it('is addressed to an Azure deployment, with its version and its own header for the key', async () => {
    const receiver = await serve((_, response) => sendJson(response, CHAT_ANSWER))
    const resource = receiver.baseURL.replace('/v1', '')
    const { harbor } = await two({}, { kind: 'azure', baseURL: `${resource}/`, apiVersion: '2025-01-01' })
    await harbor.chat.completions.create({ ...HELLO, model: 'backup/my-deployment' })
    const [request] = receiver.requests
    expect(request?.path).toBe('/openai/deployments/my-deployment/chat/completions?api-version=2025-01-01')
    expect(request?.headers['api-key']).toBe('backup-key')
    expect(request?.headers.authorization).toBeUndefined()
  })

  it('asks for its key each time, when that is a function, and moves on when it fails', async () => {
    let asked = 0
    const { primary, harbor } = await two(
      { fallback: ['backup/gpt-4', 'gpt-3.5-turbo'] },
      {
        apiKey: () =>
          ++asked === 1 ? Promise.resolve('k1') : Promise.reject(new Error('the vault is shut')),
      },
    )
    primary.fail(status(501))
    expect(await targetOf(harbor.chat.completions.create(HELLO))).toBe('backup/gpt-4')
    primary.fail(status(501))
    expect(await targetOf(harbor.chat.completions.create(HELLO))).toBe('openai/gpt-3.5-turbo')
  })

  it('may be asked for by name, also without a client of its own', async () => {
    const { backup, harbor } = await two()
    expect(await targetOf(harbor.chat.completions.create({ ...HELLO, model: 'backup/m' }))).toBe('backup/m')
    const only = new Harbor({
      providers: { backup: { apiKey: 'k', baseURL: backup.baseURL } },
      logLevel: 'off',
    })
    onTestFinished(() => only.close())
    expect(await targetOf(only.chat.completions.create(HELLO))).toBe('backup/gpt-4')
    expect(backup.counts().calls).toBe(2)
  })

  it('is made for any SDK through createHarborFetch, whose own provider is left as it is', async () => {
    const { primary, backup } = await two()
    const fetch = createHarborFetch({
      providers: { openai: { apiKey: 'k', baseURL: backup.baseURL } },
      fallback: ['openai/gpt-4'],
      logLevel: 'off',
    })
    onTestFinished(() => fetch.close())
    const client = new OpenAI({ apiKey: 'mine', baseURL: primary.baseURL, fetch, maxRetries: 0 })
    const target = async (): Promise<string | undefined> =>
      targetOf(client.chat.completions.create(HELLO).asResponse())
    expect(await target()).toBe('client/gpt-4')
    primary.fail(status(501))
    expect(await target()).toBe('openai/gpt-4')
  })
})

describe('what rests', () => {
  it.each<[string, Fault]>([
    ['a refused key', status(401)],
    ['an exhausted quota', status(429, { code: 'insufficient_quota' })],
    ['a missing model', status(404)],
    ['a rate limit', status(429, { retryAfter: 60_000 })],
  ])('after %s is passed over by the next call, without being asked again', async (_, fault) => {
    const { primary, harbor } = await two()
    primary.fail(fault)
    expect(await targetOf(harbor.chat.completions.create(HELLO))).toBe('backup/gpt-4')
    const reply = await harbor.chat.completions.create(HELLO)
    expect(receiptOf(reply)).toMatchObject({
      target: 'backup/gpt-4',
      skipped: [{ target: 'openai/gpt-4', reason: expect.stringMatching(/^its |^it /) as string }],
    })
    expect(primary.counts().calls).toBe(1)
  })

  it('is asked all the same when there is nowhere else to go', async () => {
    const { primary, harbor } = await two({ fallback: false })
    primary.fail(status(401))
    expect(await failureOf(harbor.chat.completions.create(HELLO))).toMatchObject({ status: 401 })
    expect(await targetOf(harbor.chat.completions.create(HELLO))).toBe('openai/gpt-4')
  })

  it('is a whole group when its entry names one: another model of it is passed over, too', async () => {
    const { primary, backup, harbor } = await two(
      { fallback: ['backup/small', 'gpt-3.5-turbo'] },
      { quotaGroup: 'shared' },
    )
    backup.fail(status(429, { retryAfter: 60_000 }))
    expect(await targetOf(harbor.chat.completions.create({ ...HELLO, model: 'backup/big' }))).toBe(
      'openai/gpt-3.5-turbo',
    )
    expect([primary.counts().calls, backup.counts().calls]).toEqual([1, 1])
  })
})

describe('the other chains', () => {
  it('serve what is too long, and only that', async () => {
    const { primary, harbor } = await two({ fallback: false, contextWindowFallback: ['backup/long'] })
    primary.fail(status(400, { code: 'context_length_exceeded' }))
    expect(await targetOf(harbor.chat.completions.create(HELLO))).toBe('backup/long')
    primary.fail(status(400))
    expect(await failureOf(harbor.chat.completions.create(HELLO))).toMatchObject({ status: 400 })
  })

  it('serve refused content, if asked to: never by themselves', async () => {
    const { primary, backup, harbor } = await two()
    primary.fail(status(400, { code: 'content_filter' }))
    expect(await failureOf(harbor.chat.completions.create(HELLO))).toMatchObject({ code: 'content_filter' })
    expect(backup.counts().calls).toBe(0)
    harbor.configure({ contentPolicyFallback: ['backup/lenient'] })
    primary.fail(status(400, { code: 'content_filter' }))
    expect(await targetOf(harbor.chat.completions.create(HELLO))).toBe('backup/lenient')
  })

  it('serve what was answered with nothing but content_filter, streamed and not', async () => {
    const { primary, backup, harbor } = await two({
      fallback: false,
      contentPolicyFallback: ['backup/lenient'],
    })
    const [choice] = CHAT_ANSWER.choices
    const filtered = { ...CHAT_ANSWER, choices: [{ ...choice, finish_reason: 'content_filter' }] }
    primary.fail({ type: 'play-json', body: JSON.stringify(filtered) })
    expect(await targetOf(harbor.chat.completions.create(HELLO))).toBe('backup/lenient')
    const chunk = { choices: [{ index: 0, delta: {}, finish_reason: 'content_filter' }] }
    primary.fail({ type: 'play', events: [JSON.stringify(chunk), '[DONE]'] })
    const stream = await harbor.chat.completions.create({ ...HELLO, stream: true })
    let text = ''
    for await (const { choices } of stream) text += choices[0]?.delta.content ?? ''
    expect(receiptOf(stream)?.target).toBe('backup/lenient')
    expect(text).not.toBe('')
    expect(backup.counts().calls).toBe(2)
  })
})

describe('whom a call goes to', () => {
  it('is ordered by the client or the call', async () => {
    const { harbor } = await two({ models: { 'gpt-4': { weight: 0 }, 'backup/gpt-4': { weight: 1 } } })
    expect(await targetOf(harbor.chat.completions.create(HELLO, perCall({ order: weighted() })))).toBe(
      'backup/gpt-4',
    )
    expect(await targetOf(harbor.chat.completions.create(HELLO))).toBe('openai/gpt-4')
    harbor.configure({ order: fastest({ exploreRatio: 0 }) })
    expect(await targetOf(harbor.chat.completions.create(HELLO))).toMatch(/gpt-4$/)
  })

  it('may have stand-ins of its own, or none', async () => {
    const { primary, harbor } = await two()
    primary.fail(status(501), status(501))
    const own = harbor.chat.completions.create(HELLO, perCall({ fallback: ['backup/own'] }))
    expect(await targetOf(own)).toBe('backup/own')
    const none = harbor.chat.completions.create(HELLO, perCall({ fallback: false }))
    expect(await failureOf(none)).toMatchObject({ status: 501 })
  })

  it('stays at its provider when it continues something there', async () => {
    const { primary, backup, harbor } = await two()
    primary.fail(status(501))
    const call = harbor.responses.create({ model: 'gpt-4', input: 'Hi', previous_response_id: 'resp_1' })
    expect(await failureOf(call)).toMatchObject({ status: 501 })
    expect(backup.counts().calls).toBe(0)
  })

  it('sends no more than maxUpstreamCalls over all targets', async () => {
    const rules = [{ fault: status(500) }]
    const simulator = await startSimulator({ providers: { primary: { rules }, backup: { rules } } })
    onTestFinished(() => simulator.close())
    const [primary, backup] = [simulator.provider('primary'), simulator.provider('backup')]
    const harbor = harborFor(primary, {
      providers: { backup: { apiKey: 'k', baseURL: backup.baseURL } },
      fallback: ['backup/a', 'backup/b', 'backup/c'],
      maxUpstreamCalls: 3,
    })
    const error = await failureOf(harbor.chat.completions.create(HELLO))
    expect(error).toMatchObject({ status: 500 })
    // Each of the others gets its turn before one is tried again.
    expect([primary.counts().calls, backup.counts().calls]).toEqual([1, 2])
  })

  it('is hedged when the first is slow: the loser is aborted upstream, and may have been billed', async () => {
    const { primary, harbor } = await two({ hedge: { afterMs: 20, maxExtraRatio: 1 } })
    primary.fail({ type: 'hang' })
    const reply = await harbor.chat.completions.create(HELLO)
    expect(receiptOf(reply)).toMatchObject({
      target: 'backup/gpt-4',
      possiblyBilled: 1,
      attempts: [
        { target: 'openai/gpt-4', failure: { kind: 'aborted', code: 'lost_hedge' } },
        { status: 200 },
      ],
    })
    await primary.whenIdle()
    expect(primary.counts()).toMatchObject({ calls: 1, aborts: 1 })
    expect(harbor.stats().failures).toEqual({})
  })
})

describe('health', () => {
  it('is asked for of a target that is not called, by GET /models, and brings it back', async () => {
    const { primary, backup, harbor } = await two({ health: { checkIntervalMs: 20 } })
    primary.fail(...Array.from({ length: 6 }, () => status(503)))
    const states: string[] = []
    harbor.on('breaker', ({ target, state }) => states.push(`${target} ${state}`))
    for (let call = 0; call < 4; call++) await harbor.chat.completions.create(HELLO)
    const asked = primary.requests().filter(({ path }) => path.endsWith('/models'))
    await expect.poll(() => states.at(-1)).toBe('openai/gpt-4 half-open')
    expect(await targetOf(harbor.chat.completions.create(HELLO))).toBe('openai/gpt-4')
    expect(states).toEqual(['openai/gpt-4 open', 'openai/gpt-4 half-open', 'openai/gpt-4 closed'])
    expect(asked.every(({ method }) => method === 'GET')).toBe(true)
    expect(backup.requests().filter(({ path }) => path.endsWith('/models'))).toEqual([])
    expect(harbor.stats().targets['openai/gpt-4']).toMatchObject({
      state: 'closed',
      lastFailure: expect.stringMatching(/^server$|^GET .* answered 503/) as string,
      lastCheckAt: expect.any(Number) as number,
    })
  })

  it('suffers once from a call, however often that was tried: a poisoned prompt opens nothing', async () => {
    const { primary, harbor } = await two({ fallback: false })
    primary.script({ rules: [{ when: { model: 'poison' }, fault: status(500) }] })
    for (let call = 0; call < 300; call++) {
      if (call % 100 === 50) await failureOf(harbor.chat.completions.create({ ...HELLO, model: 'poison' }))
      await harbor.chat.completions.create(HELLO)
    }
    expect(Object.values(harbor.stats().targets).map(({ state }) => state)).toEqual(['closed', 'closed'])
  })

  it('is shared by the copies of a client', async () => {
    const { primary, harbor } = await two()
    primary.fail(...Array.from({ length: 6 }, () => status(503)))
    for (let call = 0; call < 3; call++) await harbor.chat.completions.create(HELLO)
    const before = primary.counts().calls
    await harbor.withOptions({ timeout: 5_000 }).chat.completions.create(HELLO)
    expect(primary.counts().calls).toBe(before)
  })
})

describe('chains and providers that make no sense', () => {
  const key = { apiKey: 'k' }
  it.each<[HarborOptions, string]>([
    [{ fallback: ['a', 'a'] }, "fallback['*'] names openai/a twice"],
    [{ fallback: { a: ['a'] } }, "fallback['a'] names openai/a itself"],
    [
      { fallback: { a: ['b'], b: ['c'], c: ['a'] } },
      'goes round in a circle: openai/a → openai/b → openai/c → openai/a',
    ],
    [
      { fallback: ['depseek/chat'], providers: { deepseek: key } },
      "a provider 'depseek' that is not in providers",
    ],
    [{ fallback: { a: 'b' } as never }, 'fallback must be a list of models'],
    [
      { models: { a: { price: { inputPerMillion: -1, outputPerMillion: 1 } } } },
      "models['a'].price.inputPerMillion must be",
    ],
    [
      { models: { a: { wieght: 1 } as never } },
      "Unknown option models['a'].wieght. Did you mean models['a'].weight?",
    ],
    [{ providers: { 'a/b': key } }, 'must be without a slash'],
    [{ providers: { openai: { ...key, kind: 'azure' } } }, "cannot be of kind 'azure'"],
    [{ providers: { az: { ...key, kind: 'azure' } } }, 'providers.az.baseURL is missing'],
    [{ providers: { openai: { apiKey: 'other' } } }, 'apiKey and providers.openai.apiKey are one setting'],
    [{ breaker: { judge: () => 'ignore' } as never }, "breaker.judge is the pipeline's to give"],
    [{ breaker: { probes: 0 } }, 'In breaker: '],
    [{ hedge: { afterMs: -1 } }, 'In hedge: '],
    [{ maxRetries: 1, retry: { maxAttempts: 5 } }, 'contradict each other'],
    [{ spendLimit: { usd: -1, per: 'day' } }, 'spendLimit.usd must be US dollars, above 0, got -1'],
    [{ spendLimit: { usd: 1 } as never }, 'spendLimit.per is missing'],
  ])('are refused at once, by name: %j', (options, message) => {
    const make = (): Harbor => new Harbor({ apiKey: 'test-key', logLevel: 'off', ...options })
    expect(make).toThrow(OptionError)
    expect(make).toThrow(message)
  })

  it('are said in the log when a key is missing, and left out', async () => {
    const lines: string[] = []
    const log = (line: string): void => void lines.push(line)
    const logger = { error: log, warn: log, info: log, debug: log }
    const { primary } = await two()
    const harbor = harborFor(primary, {
      providers: { gone: { apiKey: undefined } },
      fallback: ['gone/m'],
      logger,
      logLevel: 'warn',
    })
    expect(lines).toEqual([expect.stringContaining('providers.gone has no apiKey and is left out')])
    expect(harbor.explain(HELLO).targets.map(({ name }) => name)).toEqual(['openai/gpt-4'])
  })
})
