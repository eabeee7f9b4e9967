import { beforeEach, describe, expect, it } from 'vitest'
import { timeInTurns } from '../helpers/time-in-turns.ts'
import { twoProviders } from '../helpers/two-providers.ts'
import { ANTHROPIC } from './anthropic.ts'
import { expectOutcome, type Reader } from './expect-outcome.ts'
import { GEMINI } from './gemini.ts'
import { faultOf, ROWS, type Form } from './rows.ts'
import { clientOf, type Reading, type Vendor } from './vendor.ts'

beforeEach(timeInTurns)

describe.each(
  // JSON through `createHarborFetch()`, streams through a copy of it by `with()`.
  [ANTHROPIC, GEMINI].flatMap((vendor) => [
    { vendor, form: 'JSON' as const, name: vendor.name },
    { vendor, form: 'stream' as const, name: vendor.name },
  ]),
)("failover under $name's SDK ($form)", ({ vendor, form }) => {
  const reader: Reader = { ...vendor, targets: targetsOf(vendor) }

  it.each(ROWS.filter((row) => isFor(row, form)))('handles a primary with $what', async (row) => {
    const pair = await twoProviders({ rules: [{ fault: faultOf(row, vendor.places) }] })
    const { primary, backup } = pair
    const quota = row.sharedQuota && { quotaGroup: 'one' }
    const baseURL = vendor.baseURL(backup.baseURL)
    const { timeouts, ...wide } = row.options ?? {}
    const providers = {
      ...(quota && { [vendor.provider]: quota }),
      backup: { kind: vendor.kind, apiKey: 'backup-key', baseURL, ...quota },
    }
    const to = row.address ? { baseURL: row.address(primary) } : primary
    const fallback = [reader.targets.backup]
    // The options that a call may have are given for all calls of the client, or for those of a copy.
    const client =
      form === 'JSON'
        ? clientOf(vendor, to, { ...row.options, providers, fallback: { '*': fallback } })
        : clientOf(vendor, to, { ...wide, providers }, { fallback, timeouts: timeouts || undefined })
    const call = (): Promise<Reading> => client.call(form)
    await row.prepare?.(pair, call)

    const reading = await call()

    expect([primary.counts().calls, backup.counts().calls]).toEqual(row.calls)
    const kinds = reading.receipt?.attempts.map(({ failure }) => failure?.kind ?? 'fine')
    // Google's 503 means that the model is overloaded.
    expect(kinds?.map((kind) => (kind === 'overloaded' ? 'server' : kind))).toEqual(row.attempts)
    await expectOutcome(reading, row.outcome, { form, reader, primary, call })
  })
})

function isFor({ only }: (typeof ROWS)[number], form: Form): boolean {
  return only === undefined || only === form
}

function targetsOf({ provider, model }: Vendor): Reader['targets'] {
  return { primary: `${provider}/${model}`, backup: `backup/${model}` }
}
