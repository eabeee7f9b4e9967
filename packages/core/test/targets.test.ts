import type { Fault } from '@harbor/simulator'
import OpenAI from 'openai'
import { describe, expect, it, onTestFinished } from 'vitest'
import { createHarborFetch, Harbor, OptionError, receiptOf, type HarborOptions } from '../src/index.ts'
import { failureOf, status } from './helpers/expect-failure.ts'
import { harborFor, HELLO } from './helpers/harbor-for.ts'
import { CHAT_ANSWER, sendJson, serve } from './helpers/http-server.ts'
import { harborWithBackup, targetOf } from './helpers/two-providers.ts'

describe('a request to another target', () => {
  it('carries no key, organization, cookie or header of the first', async () => {
    const receiver = await serve((_, response) => sendJson(response, CHAT_ANSWER))
    const { primary, harbor } = await harborWithBackup(
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

  it('has the model and token limit of the target, without dropParams, and lists the changes in the receipt', async () => {
    const { primary, backup, harbor } = await harborWithBackup(
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
    const { harbor } = await harborWithBackup(
      {},
      { kind: 'azure', baseURL: `${resource}/`, apiVersion: '2025-01-01' },
    )
    await harbor.chat.completions.create({ ...HELLO, model: 'backup/my-deployment' })
    const [request] = receiver.requests
    expect(request?.path).toBe('/openai/deployments/my-deployment/chat/completions?api-version=2025-01-01')
    expect(request?.headers['api-key']).toBe('backup-key')
    expect(request?.headers.authorization).toBeUndefined()
  })

  it('calls a key function each time, and goes on to the next target when it fails', async () => {
    let asked = 0
    const { primary, harbor } = await harborWithBackup(
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

  it('is sent when the target is requested by name, also without a provider of the client', async () => {
    const { backup, harbor } = await harborWithBackup()
    expect(await targetOf(harbor.chat.completions.create({ ...HELLO, model: 'backup/m' }))).toBe('backup/m')
    const only = new Harbor({
      providers: { backup: { apiKey: 'k', baseURL: backup.baseURL } },
      logLevel: 'off',
    })
    onTestFinished(() => only.close())
    expect(await targetOf(only.chat.completions.create(HELLO))).toBe('backup/gpt-4')
    expect(backup.counts().calls).toBe(2)
  })

  it('is sent for any SDK through createHarborFetch, whose own provider stays unchanged', async () => {
    const { primary, backup } = await harborWithBackup()
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

describe('a target in cooldown', () => {
  it.each<[string, Fault]>([
    ['a refused key', status(401)],
    ['an exhausted quota', status(429, { code: 'insufficient_quota' })],
    ['a missing model', status(404)],
    ['a rate limit', status(429, { retryAfter: 60_000 })],
  ])('is skipped by the next call after %s', async (_, fault) => {
    const { primary, harbor } = await harborWithBackup()
    primary.fail(fault)
    expect(await targetOf(harbor.chat.completions.create(HELLO))).toBe('backup/gpt-4')
    const reply = await harbor.chat.completions.create(HELLO)
    expect(receiptOf(reply)).toMatchObject({
      target: 'backup/gpt-4',
      skipped: [{ target: 'openai/gpt-4', reason: expect.stringMatching(/^its |^it /) as string }],
    })
    expect(primary.counts().calls).toBe(1)
  })

  it('is called all the same when there is no other target', async () => {
    const { primary, harbor } = await harborWithBackup({ fallback: false })
    primary.fail(status(401))
    expect(await failureOf(harbor.chat.completions.create(HELLO))).toMatchObject({ status: 401 })
    expect(await targetOf(harbor.chat.completions.create(HELLO))).toBe('openai/gpt-4')
  })

  it('is skipped with all other targets of its quotaGroup', async () => {
    const { primary, backup, harbor } = await harborWithBackup(
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

describe('invalid chains and providers', () => {
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
    [{ breaker: { judge: () => 'ignore' } as never }, 'breaker.judge is set by Harbor'],
    [{ breaker: { probes: 0 } }, 'In breaker: '],
    [{ breaker: { store: {} as never } }, 'In breaker: store must be a store'],
    [{ hedge: { afterMs: -1 } }, 'In hedge: '],
    [{ maxRetries: 1, retry: { maxAttempts: 5 } }, 'contradict each other'],
    [{ spendLimit: { usd: -1, per: 'day' } }, 'spendLimit.usd must be US dollars, above 0, got -1'],
    [{ spendLimit: { usd: 1 } as never }, 'spendLimit.per is missing'],
  ])('are refused at construction, by name: %j', (options, message) => {
    const make = (): Harbor => new Harbor({ apiKey: 'test-key', logLevel: 'off', ...options })
    expect(make).toThrow(OptionError)
    expect(make).toThrow(message)
  })

  it('are left out with a warning in the log when a key is missing', async () => {
    const lines: string[] = []
    const log = (line: string): void => void lines.push(line)
    const logger = { error: log, warn: log, info: log, debug: log }
    const { primary } = await harborWithBackup()
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
