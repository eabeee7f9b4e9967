import { startSimulator } from '@harbor/simulator'
import { describe, expect, it, onTestFinished } from 'vitest'
import { fastest, perCall, receiptOf, weighted } from '../src/index.ts'
import { failureOf, status } from './helpers/expect-failure.ts'
import { harborFor, HELLO } from './helpers/harbor-for.ts'
import { timeInTurns } from './helpers/time-in-turns.ts'
import { harborWithBackup, targetOf } from './helpers/two-providers.ts'
import { CHAT_ANSWER } from './helpers/http-server.ts'

describe('the context window of a model', () => {
  const long = { ...HELLO, messages: [{ role: 'user' as const, content: 'so many words '.repeat(100) }] }

  it('decides which target is called first, by an estimate that the receipt names', async () => {
    const { primary, harbor } = await harborWithBackup({ models: { 'gpt-4': { contextTokens: 300 } } })
    const reply = await harbor.chat.completions.create(long)
    const reason = expect.stringMatching(/^about \d{3} tokens are more than its 300$/) as string
    expect(receiptOf(reply)).toMatchObject({
      target: 'backup/gpt-4',
      skipped: [{ target: 'openai/gpt-4', reason }],
    })
    expect(harbor.explain(long).targets.map(({ leftOut }) => leftOut)).toEqual([reason, undefined])
    expect(await targetOf(harbor.chat.completions.create(HELLO))).toBe('openai/gpt-4')
    expect(primary.counts().calls).toBe(1)
  })

  it('refuses no request: without a target where it seems to fit, it is sent all the same', async () => {
    const contextTokens = 10
    const { backup, harbor } = await harborWithBackup({
      models: { 'gpt-4': { contextTokens }, 'backup/gpt-4': { contextTokens } },
    })
    expect(await targetOf(harbor.chat.completions.create(long))).toBe('openai/gpt-4')
    expect(backup.counts().calls).toBe(0)
  })
})

describe('the chains for length and content', () => {
  it('serve requests that are too long, and only those', async () => {
    const { primary, harbor } = await harborWithBackup({
      fallback: false,
      contextWindowFallback: ['backup/long'],
    })
    primary.fail(status(400, { code: 'context_length_exceeded' }))
    expect(await targetOf(harbor.chat.completions.create(HELLO))).toBe('backup/long')
    primary.fail(status(400))
    expect(await failureOf(harbor.chat.completions.create(HELLO))).toMatchObject({ status: 400 })
  })

  it('serve requests that seem too long at once, and return them to the usual chain in an outage', async () => {
    const { primary, backup, harbor } = await harborWithBackup({
      fallback: false,
      contextWindowFallback: ['backup/long'],
      models: { 'gpt-4': { contextTokens: 100 } },
    })
    expect(await targetOf(harbor.chat.completions.create({ ...HELLO, max_completion_tokens: 200 }))).toBe(
      'backup/long',
    )
    expect(primary.counts().calls).toBe(0)
    expect(await targetOf(harbor.chat.completions.create({ ...HELLO, max_completion_tokens: 50 }))).toBe(
      'openai/gpt-4',
    )
    backup.script({ rules: [{ fault: status(501) }] })
    expect(await targetOf(harbor.chat.completions.create({ ...HELLO, max_completion_tokens: 200 }))).toBe(
      'openai/gpt-4',
    )
  })

  it('serve refused content only if contentPolicyFallback is set', async () => {
    const { primary, backup, harbor } = await harborWithBackup()
    primary.fail(status(400, { code: 'content_filter' }))
    expect(await failureOf(harbor.chat.completions.create(HELLO))).toMatchObject({ code: 'content_filter' })
    expect(backup.counts().calls).toBe(0)
    harbor.configure({ contentPolicyFallback: ['backup/lenient'] })
    primary.fail(status(400, { code: 'content_filter' }))
    expect(await targetOf(harbor.chat.completions.create(HELLO))).toBe('backup/lenient')
  })

  it('serve requests that were answered with nothing but content_filter, streamed or not', async () => {
    const { primary, backup, harbor } = await harborWithBackup({
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

describe('the targets of a call', () => {
  it('have the order of the client or the call', async () => {
    const { harbor } = await harborWithBackup({
      models: { 'gpt-4': { weight: 0 }, 'backup/gpt-4': { weight: 1 } },
    })
    expect(await targetOf(harbor.chat.completions.create(HELLO, perCall({ order: weighted() })))).toBe(
      'backup/gpt-4',
    )
    expect(await targetOf(harbor.chat.completions.create(HELLO))).toBe('openai/gpt-4')
    harbor.configure({ order: fastest({ exploreRatio: 0 }) })
    expect(await targetOf(harbor.chat.completions.create(HELLO))).toMatch(/gpt-4$/)
  })

  it('are those of the call if it names a fallback, or none', async () => {
    const { primary, harbor } = await harborWithBackup()
    primary.fail(status(501), status(501))
    const own = harbor.chat.completions.create(HELLO, perCall({ fallback: ['backup/own'] }))
    expect(await targetOf(own)).toBe('backup/own')
    const none = harbor.chat.completions.create(HELLO, perCall({ fallback: false }))
    expect(await failureOf(none)).toMatchObject({ status: 501 })
  })

  it('are its own provider alone when it continues something there', async () => {
    const { primary, backup, harbor } = await harborWithBackup()
    primary.fail(status(501))
    const call = harbor.responses.create({ model: 'gpt-4', input: 'Hi', previous_response_id: 'resp_1' })
    expect(await failureOf(call)).toMatchObject({ status: 501 })
    expect(backup.counts().calls).toBe(0)
  })

  it('get at most maxUpstreamCalls requests together', async () => {
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

  it('are hedged when the first is slow; the loser is aborted and may have been billed', async () => {
    onTestFinished(timeInTurns())
    const { primary, harbor } = await harborWithBackup({ hedge: { afterMs: 20, maxExtraRatio: 1 } })
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
