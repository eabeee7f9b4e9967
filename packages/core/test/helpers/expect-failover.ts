import type { SimulatedProvider } from '@harbor/simulator'
import OpenAI from 'openai'
import { expect } from 'vitest'
import { textOf } from './answer-text.ts'
import { expectNoFalseTimeout, type ErrorClass } from './expect-failure.ts'
import type { Api, Reading } from './three-clients.ts'
import { BACKUP, BACKUP_SAYS, PRIMARY, PRIMARY_SAYS } from './two-providers.ts'

/** What the caller of a failover test gets. */
export type Outcome =
  /** The complete answer of one of the providers. */
  | { readonly from: 'primary' | 'backup'; readonly text?: 'half' | 'twice' }
  /** The events that the primary had sent before it failed, and an error after them. */
  | { readonly fragment: number; readonly code: string }
  | { readonly error: ErrorClass; readonly facts: object; readonly target?: string }

/** @param call makes the same call again */
export async function expectOutcome(
  reading: Reading,
  outcome: Outcome,
  api: Api,
  primary: SimulatedProvider,
  call: () => Promise<Reading>,
): Promise<void> {
  if ('from' in outcome) expectAnswer(reading, api, outcome)
  else if ('fragment' in outcome) await expectFragment(reading, outcome, primary, call)
  else expectError(reading, outcome)
}

function expectAnswer(
  { chunks, error, receipt, servedBy }: Reading,
  api: Api,
  { from, text }: Extract<Outcome, { from: unknown }>,
): void {
  const target = from === 'primary' ? PRIMARY : BACKUP
  expect(error).toBeUndefined()
  expect([servedBy, receipt?.target]).toEqual([target, target])
  expect(receipt).toMatchObject({ outcome: 'success', degraded: false })
  const said = from === 'primary' ? PRIMARY_SAYS : BACKUP_SAYS
  if (text === 'twice') {
    const words = chunks.map((chunk) => JSON.stringify(chunk))
    expect(words[6]).toBe(words[7])
    expect(textOf(api, chunks.toSpliced(6, 1))).toBe(said)
  } else if (text === 'half') {
    expect(said.startsWith(textOf(api, chunks))).toBe(true)
  } else {
    expect(textOf(api, chunks)).toBe(said)
  }
}

/** All events before the fault have arrived, and nothing after it. */
async function expectFragment(
  { chunks, error, receipt, servedBy }: Reading,
  { fragment, code }: Extract<Outcome, { fragment: unknown }>,
  primary: SimulatedProvider,
  call: () => Promise<Reading>,
): Promise<void> {
  primary.script({ reply: PRIMARY_SAYS })
  const whole = await call()
  expect(chunks).toEqual(whole.chunks.slice(0, fragment))
  expect(whole.chunks.length).toBeGreaterThan(fragment + 3)
  expect(error).toBeInstanceOf(OpenAI.APIError)
  expect(error).toMatchObject({ code })
  expectNoFalseTimeout(error)
  expect([servedBy, receipt?.target]).toEqual([PRIMARY, PRIMARY])
  expect(receipt?.outcome).toBe('failure')
}

function expectError(
  { chunks, error, receipt }: Reading,
  expected: Extract<Outcome, { error: unknown }>,
): void {
  expect(chunks).toEqual([])
  expect(error).toBeInstanceOf(expected.error)
  expect(error).toMatchObject(expected.facts)
  expectNoFalseTimeout(error)
  expect(receipt?.outcome).toBe('failure')
  if (expected.target) expect(receipt?.target).toBe(expected.target)
}
