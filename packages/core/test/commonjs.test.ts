import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { startSimulator } from '@harbor/simulator'
import * as errors from 'openai/error'
import { beforeAll, describe, expect, it } from 'vitest'
import * as core from '../src/index.ts'

const program = fileURLToPath(new URL('fixtures/commonjs-user.cts', import.meta.url))

/** Runs a program that loads everything with `require` and gets an answer and then a 429. */
async function runCommonJsUser(): Promise<unknown> {
  await using simulator = await startSimulator()
  const provider = simulator.provider()
  provider.fail('ok', { type: 'status', status: 429 })
  const { stdout } = await promisify(execFile)(process.execPath, [
    '--conditions=@harbor/source',
    program,
    provider.baseURL,
  ])
  return JSON.parse(stdout)
}

describe('the error classes of the SDK', () => {
  it('are exported by @harbor/core, except those of workload identity, which Harbor refuses', () => {
    const named = { ...core } as Record<string, unknown>
    const { OAuthError: _oauth, SubjectTokenProviderError: _token, ...raised } = errors
    for (const [name, errorClass] of Object.entries(raised)) expect(named[name], name).toBe(errorClass)
  })
})

describe('a CommonJS user', () => {
  let report: unknown
  beforeAll(async () => {
    report = await runCommonJsUser()
  })

  it('gets Harbor, its answers and its receipts with require', () => {
    expect(report).toMatchObject({ answered: true, attempts: 1 })
  })

  it('matches errors with the classes of @harbor/core and of Harbor', () => {
    const classes = ['OpenAIError', 'APIError', 'RateLimitError']
    expect(report).toMatchObject({ classesOfCore: classes, staticsOfHarbor: classes })
  })

  it("matches no error with the classes of require('openai'), which is another copy of the SDK", () => {
    expect(report).toMatchObject({ classesOfOpenai: [], isClientOfOpenai: false })
  })
})
