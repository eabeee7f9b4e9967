import { beforeEach, describe, expect, it } from 'vitest'
import { textOf } from '../helpers/answer-text.ts'
import { harborClient, type Api } from '../helpers/three-clients.ts'
import { timeInTurns } from '../helpers/time-in-turns.ts'
import { BACKUP, PRIMARY, twoProviders } from '../helpers/two-providers.ts'
import { expectOutcome, type Reader } from './expect-outcome.ts'
import { faultOf, ROWS, type Form } from './rows.ts'
import { factsOfOpenAI } from './openai.ts'
import type { Reading } from './vendor.ts'

const PLACES = { beforeContent: 1, midStream: 7 }

beforeEach(timeInTurns)

describe.each<[Api, Form]>([
  ['chat', 'JSON'],
  ['chat', 'stream'],
  ['responses', 'JSON'],
  ['responses', 'stream'],
])('failover of %s (%s)', (api, form) => {
  const reader: Reader = {
    targets: { primary: PRIMARY, backup: BACKUP },
    textOf: (_form, chunks) => textOf(api, chunks),
    factsOf: factsOfOpenAI,
  }

  it.each(ROWS.filter(({ only }) => only === undefined || only === form))(
    'handles a primary with $what',
    async (row) => {
      const pair = await twoProviders({ rules: [{ fault: faultOf(row, PLACES) }] })
      const { primary, backup, options } = pair
      const quota = row.sharedQuota && { quotaGroup: 'one' }
      const client = harborClient(row.address ? { baseURL: row.address(primary) } : primary, {
        ...options,
        ...row.options,
        providers: {
          ...(quota && { openai: quota }),
          backup: { ...options.providers?.['backup'], ...quota },
        },
      })
      const call = (): Promise<Reading> =>
        form === 'JSON' ? client.ask(api, 'gpt-4') : client.stream(api, 'gpt-4')
      await row.prepare?.(pair, call)

      const reading = await call()

      expect([primary.counts().calls, backup.counts().calls]).toEqual(row.calls)
      expect(reading.receipt?.attempts.map(({ failure }) => failure?.kind ?? 'fine')).toEqual(row.attempts)
      await expectOutcome(reading, row.outcome, { form, reader, primary, call })
    },
  )
})
