import { fork } from 'node:child_process'
import { once } from 'node:events'
import { pathToFileURL } from 'node:url'

/** One call of a subject. */
export type Call = () => Promise<unknown>

/** Sets up a subject with its own client, and returns the function that makes a call. */
export type Open = (baseURL: string) => Call

/** The compared subjects, by name, and where their processes find them. */
export interface Group {
  readonly module: string
  readonly name: string
  readonly subjects: Readonly<Record<string, Open>>
}

/** @param module the module that exports this group under this name */
export function group(module: string, name: string, subjects: Readonly<Record<string, Open>>): Group {
  return { module, name, subjects }
}

/** A number of calls, made by a number of callers, each one call after the other. */
export interface Round {
  readonly calls: number
  readonly atOnce: number
}

/** The measurements of one round. */
export interface Taken {
  /** CPU time of the process per call, in microseconds. */
  readonly cpuUs: number
  readonly perSecond: number
  /** The duration of each call, in milliseconds. */
  readonly tookMs: Float64Array
}

export interface Subject {
  run(round: Round): Promise<Taken>
  close(): void
}

/**
 * A subject in its own process, as in a user's program, so that its memory and its compiled code do not affect the others.
 */
export async function startSubject(
  { module, name }: Group,
  subject: string,
  baseURL: string,
): Promise<Subject> {
  const process = fork(import.meta.filename, ['subject', module, name, subject, baseURL], {
    serialization: 'advanced',
  })
  await once(process, 'message')
  return {
    async run(round) {
      process.send(round)
      const [taken] = (await once(process, 'message')) as [Taken]
      return taken
    },
    close: () => process.disconnect(),
  }
}

async function serve(module: string, name: string, subject: string, baseURL: string): Promise<void> {
  const exported = (await import(pathToFileURL(module).href)) as Readonly<Record<string, Group>>
  const call = exported[name]?.subjects[subject]?.(baseURL)
  if (!call) throw new Error(`There is no ${subject} in ${name} of ${module}.`)
  process.on('message', (round: Round) => {
    void goThrough(call, round).then((taken) => process.send?.(taken))
  })
  process.on('disconnect', () => process.exit())
  process.send?.('ready')
}

async function goThrough(call: Call, { calls, atOnce }: Round): Promise<Taken> {
  const tookMs = new Float64Array(calls)
  let begun = 0
  async function worker(): Promise<void> {
    while (begun < calls) {
      const number = begun++
      const begunAt = performance.now()
      await call()
      tookMs[number] = performance.now() - begunAt
    }
  }
  const cpu = process.cpuUsage()
  const begunAt = performance.now()
  await Promise.all(Array.from({ length: atOnce }, worker))
  const ms = performance.now() - begunAt
  const { user, system } = process.cpuUsage(cpu)
  return { cpuUs: (user + system) / calls, perSecond: (1_000 * calls) / ms, tookMs }
}

const [, script, role, ...where] = process.argv
if (role === 'subject' && script === import.meta.filename) {
  const [module = '', name = '', subject = '', baseURL = ''] = where
  void serve(module, name, subject, baseURL) // not awaited: what it imports may import this
}
