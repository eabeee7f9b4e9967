import type { SimulatedProvider } from '@harbor/simulator'
import { expect } from 'vitest'
import { expectNoFalseTimeout } from '../helpers/expect-failure.ts'
import { BACKUP_SAYS, PRIMARY_SAYS } from '../helpers/two-providers.ts'
import type { Form } from './rows.ts'
import { codeInCauses, type ErrorFacts, type Reading } from './vendor.ts'

/** What the caller of a failover test gets. */
export type Outcome =
  /** The complete answer of one of the providers. */
  | { readonly from: 'primary' | 'backup'; readonly text?: 'half' | 'twice' }
  /** The events that the primary had sent before it failed, and an error with this code after them. */
  | { readonly brokenOff: string }
  /** An error of the class that the SDK has for this status; undefined for a connection that failed. */
  | {
      readonly status: number | undefined
      readonly code?: string
      readonly says?: string
      readonly cause?: string
      readonly target?: 'backup'
    }

/** How to read what an SDK returned. */
export interface Reader {
  readonly targets: Readonly<Record<'primary' | 'backup', string>>
  textOf(form: Form, chunks: readonly unknown[]): string
  factsOf(error: unknown): ErrorFacts
}

/** @param call makes the same call again */
export async function expectOutcome(
  reading: Reading,
  outcome: Outcome,
  given: { form: Form; reader: Reader; primary: SimulatedProvider; call: () => Promise<Reading> },
): Promise<void> {
  if ('from' in outcome) expectAnswer(reading, outcome, given)
  else if ('brokenOff' in outcome) await expectFragment(reading, outcome, given)
  else expectError(reading, outcome, given)
}

function expectAnswer(
  { chunks, error, receipt, servedBy }: Reading,
  { from, text }: Extract<Outcome, { from: unknown }>,
  { form, reader }: { form: Form; reader: Reader },
): void {
  const target = reader.targets[from]
  expect(error).toBeUndefined()
  expect([servedBy, receipt?.target]).toEqual([target, target])
  expect(receipt).toMatchObject({ outcome: 'success', degraded: false })
  const said = from === 'primary' ? PRIMARY_SAYS : BACKUP_SAYS
  if (text === 'twice') {
    const words = chunks.map((chunk) => JSON.stringify(chunk))
    const second = words.findIndex((word, place) => place > 0 && word === words[place - 1])
    expect(second).toBeGreaterThan(0)
    expect(reader.textOf(form, chunks.toSpliced(second, 1))).toBe(said)
  } else if (text === 'half') {
    expect(said.startsWith(reader.textOf(form, chunks))).toBe(true)
  } else {
    expect(reader.textOf(form, chunks)).toBe(said)
  }
}

/** All events before the fault have arrived, and nothing after it. */
async function expectFragment(
  { chunks, error, receipt, servedBy }: Reading,
  { brokenOff }: Extract<Outcome, { brokenOff: unknown }>,
  { reader, primary, call }: { reader: Reader; primary: SimulatedProvider; call: () => Promise<Reading> },
): Promise<void> {
  primary.script({ reply: PRIMARY_SAYS })
  const whole = await call()
  expect(chunks.length).toBeGreaterThan(4)
  expect(chunks).toEqual(whole.chunks.slice(0, chunks.length))
  expect(whole.chunks.length).toBeGreaterThan(chunks.length + 3)
  expect(reader.factsOf(error)).toMatchObject({ isTyped: true, code: brokenOff })
  expectNoFalseTimeout(error)
  expect([servedBy, receipt?.target]).toEqual([reader.targets.primary, reader.targets.primary])
  expect(receipt?.outcome).toBe('failure')
}

function expectError(
  { chunks, error, receipt }: Reading,
  { status, code, says, cause, target }: Extract<Outcome, { status: unknown }>,
  { reader }: { reader: Reader },
): void {
  expect(chunks).toEqual([])
  const facts = reader.factsOf(error)
  expect(facts).toMatchObject({ isTyped: true, status })
  if (code !== undefined) expect(facts.code).toBe(code)
  if (says !== undefined) expect(facts.message).toContain(says)
  if (cause !== undefined) expect(codeInCauses(error)).toBe(cause)
  expectNoFalseTimeout(error)
  expect(receipt?.outcome).toBe('failure')
  if (target) expect(receipt?.target).toBe(reader.targets[target])
}
