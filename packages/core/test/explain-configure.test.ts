import { startSimulator, type Simulator } from '@harbor/simulator'
import { describe, expect, it, onTestFinished } from 'vitest'
import { byPriority, OptionError, receiptOf, type Harbor, type HarborOptions } from '../src/index.ts'
import { failureOf, status } from './helpers/expect-failure.ts'
import { isPlainSdk } from './helpers/fast-path.ts'
import { harborFor, HELLO } from './helpers/harbor-for.ts'

async function twoProviders(options: HarborOptions = {}): Promise<{ simulator: Simulator; harbor: Harbor }> {
  const simulator = await startSimulator({ providers: { primary: {}, backup: {} } })
  onTestFinished(() => simulator.close())
  const backup = { apiKey: 'backup-key', baseURL: simulator.provider('backup').baseURL, quotaGroup: 'b' }
  const harbor = harborFor(simulator.provider('primary'), {
    providers: { backup },
    fallback: { 'gpt-4': ['backup/gpt-4'] },
    ...options,
  })
  return { simulator, harbor }
}

function openaiAt(root: string): Record<string, string> {
  return { 'openai-chat': root, 'openai-responses': root, 'openai-embeddings': root }
}

describe('explain', () => {
  it('shows the settings, and no key', async () => {
    const { simulator, harbor } = await twoProviders({ timeout: 5_000, retry: { maxAttempts: 4 } })
    const explanation = harbor.explain()
    expect(explanation).toEqual({
      policy: {
        timeoutMs: 5_000,
        attemptMs: Infinity,
        firstTokenMs: 300_000,
        idleMs: 120_000,
        maxAttempts: 4,
        attemptsBeforeFallback: 2,
        maxUpstreamCalls: 6,
        maxAnswerBytes: 67_108_864,
        onStreamFailure: 'error',
        hedge: undefined,
        lastResort: false,
        ordered: false,
      },
      providers: {
        openai: {
          kind: 'openai',
          baseURL: simulator.provider('primary').baseURL,
          endpoints: openaiAt(simulator.provider('primary').baseURL),
          isClient: true,
          hasKey: true,
          keys: 1,
          ownFetch: false,
          quotaGroup: undefined,
          dropParams: [],
        },
        backup: {
          kind: 'openai',
          baseURL: simulator.provider('backup').baseURL,
          endpoints: openaiAt(simulator.provider('backup').baseURL),
          isClient: false,
          hasKey: true,
          keys: 1,
          ownFetch: false,
          quotaGroup: 'b',
          dropParams: [],
        },
      },
      chains: { fallback: { 'openai/gpt-4': ['backup/gpt-4'] }, contextWindow: {}, contentPolicy: {} },
      transport: { by: 'pool', unseen: [] },
      spend: [],
      sdkFastPath: { enabled: !isPlainSdk, reason: isPlainSdk ? 'HARBOR_OPENAI_SDK=plain' : undefined },
      targets: [],
    })
    expect(JSON.stringify(explanation)).not.toMatch(/backup-key|test-key/)
  })

  it('shows the targets of a request in order, and which ones would be skipped', async () => {
    const { simulator, harbor } = await twoProviders({
      models: { 'backup/gpt-4': { capabilities: ['json'] } },
    })
    const leftOut = (request: object): unknown[] =>
      harbor.explain(request).targets.map((target) => [target.name, target.leftOut])
    expect(leftOut(HELLO)).toEqual([
      ['openai/gpt-4', undefined],
      ['backup/gpt-4', undefined],
    ])
    simulator.provider('primary').fail(status(404))
    await harbor.chat.completions.create(HELLO)
    expect(leftOut({ ...HELLO, stream: true })).toEqual([
      ['openai/gpt-4', 'it does not have the model'],
      ['backup/gpt-4', 'it is not said to be capable of stream'],
    ])
    harbor.configure({ order: (targets) => targets.toReversed() })
    expect(leftOut(HELLO)).toMatchObject([
      ['backup/gpt-4', undefined],
      ['openai/gpt-4', expect.any(String)],
    ])
  })

  it('sends nothing', async () => {
    const { simulator, harbor } = await twoProviders()
    harbor.explain(HELLO)
    expect(simulator.provider('primary').requests()).toEqual([])
    expect(simulator.provider('backup').requests()).toEqual([])
  })
})

describe('configure', () => {
  it('changes chains at run time, also for existing copies', async () => {
    const { simulator, harbor } = await twoProviders({ fallback: false })
    const copy = harbor.withOptions({ timeout: 5_000 })
    const primary = simulator.provider('primary')
    primary.fail(status(501), status(501), status(501))
    expect(await failureOf(harbor.chat.completions.create(HELLO))).toMatchObject({ status: 501 })
    harbor.configure({ fallback: { 'gpt-4': ['backup/gpt-4'] } })
    for (const client of [harbor, copy]) {
      expect(receiptOf(await client.chat.completions.create(HELLO))?.target).toBe('backup/gpt-4')
    }
  })

  it('changes order, attempts and caps', async () => {
    const { simulator, harbor } = await twoProviders({ maxRetries: 0 })
    harbor.configure({ order: (targets) => targets.toReversed() })
    expect(receiptOf(await harbor.chat.completions.create(HELLO))?.target).toBe('backup/gpt-4')
    harbor.configure({ order: byPriority, fallback: false, retry: { maxAttempts: 2, baseDelayMs: 1 } })
    simulator.provider('primary').fail(status(503))
    expect(receiptOf(await harbor.chat.completions.create(HELLO))?.attempts).toHaveLength(2)
    harbor.configure({ maxUpstreamCalls: 1 })
    simulator.provider('primary').fail(status(503))
    const error = await failureOf(harbor.chat.completions.create(HELLO))
    expect(receiptOf(error)?.attempts).toHaveLength(1)
    expect(error).toMatchObject({ status: 503 })
  })

  it('refuses what cannot change or is invalid, and then changes nothing', async () => {
    const { harbor } = await twoProviders()
    const before = harbor.explain()
    const attempts: [object, string][] = [
      [{ pool: {} }, 'pool cannot change at run time'],
      [{ fallback: { 'gpt-4': ['gpt-4'] } }, 'names openai/gpt-4 itself'],
      [{ maxUpstreamCalls: 0 }, 'maxUpstreamCalls must be a whole number of at least 1, got 0'],
    ]
    for (const [changes, message] of attempts) {
      expect(() => harbor.configure(changes)).toThrow(OptionError)
      expect(() => harbor.configure(changes)).toThrow(message)
    }
    expect(harbor.explain()).toEqual(before)
  })
})
