import { beforeEach, describe, expect, it } from 'vitest'
import { textOf } from '../helpers/answer-text.ts'
import { harborClient } from '../helpers/three-clients.ts'
import { timeInTurns } from '../helpers/time-in-turns.ts'
import { PRIMARY, twoProviders } from '../helpers/two-providers.ts'
import { expectOutcome, type Reader } from './expect-outcome.ts'
import { factsOfOpenAI } from './openai.ts'
import { faultOf, ROWS } from './rows.ts'
import type { Reading } from './vendor.ts'

const PLACES = { beforeContent: 1, midStream: 7 }

beforeEach(timeInTurns)

describe.each([
  { kind: 'anthropic', model: 'claude-sonnet-4-6', form: 'JSON' },
  { kind: 'google', model: 'gemini-2.5-pro', form: 'stream' },
] as const)('failover of chat to a provider of kind $kind ($form)', ({ kind, model, form }) => {
  const backupTarget = `backup/${model}`
  const reader: Reader = {
    targets: { primary: PRIMARY, backup: backupTarget },
    textOf: (_form, chunks) => textOf('chat', chunks),
    factsOf: factsOfOpenAI,
  }

  it.each(ROWS.filter(({ only }) => only === undefined || only === form))(
    'handles a primary with $what',
    async (row) => {
      const pair = await twoProviders({ rules: [{ fault: faultOf(row, PLACES) }] })
      const { primary, backup } = pair
      const quota = row.sharedQuota && { quotaGroup: 'one' }
      const client = harborClient(row.address ? { baseURL: row.address(primary) } : primary, {
        fallback: { '*': [backupTarget] },
        ...row.options,
        providers: {
          ...(quota && { openai: quota }),
          backup: {
            kind,
            apiKey: 'backup-key',
            baseURL: backup.url,
            endpoints: { 'openai-chat': backup.baseURL },
            ...quota,
          },
        },
      })
      const call = (): Promise<Reading> =>
        form === 'JSON' ? client.ask('chat', 'gpt-4') : client.stream('chat', 'gpt-4')
      await row.prepare?.(pair, call)

      const reading = await call()

      expect([primary.counts().calls, backup.counts().calls]).toEqual(row.calls)
      expect(reading.receipt?.attempts.map(({ failure }) => failure?.kind ?? 'fine')).toEqual(row.attempts)
      await expectOutcome(reading, row.outcome, { form, reader, primary, call })
    },
  )
})
