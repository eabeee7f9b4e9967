import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { type TemporaryFolder, temporaryFolder } from './temporary-folder.ts'
import { countLine, countTests } from './test-count.ts'
import type { Member } from './workspace.ts'

let folder: TemporaryFolder
beforeEach(() => {
  folder = temporaryFolder('harbor-count-')
})
afterEach(() => {
  folder[Symbol.dispose]()
})

const wellRun = { numPassedTests: 3, numFailedTests: 0, numPendingTests: 0, numTodoTests: 0, success: true }

function member(
  name: string,
  report?: object | string,
  scripts: Record<string, string> = { test: 'vitest run' },
): Member {
  const path = join(folder.path, name)
  mkdirSync(join(path, '.reports'), { recursive: true })
  if (report !== undefined) {
    writeFileSync(
      join(path, '.reports/vitest.json'),
      typeof report === 'string' ? report : JSON.stringify(report),
    )
  }
  return { folder: `packages/${name}`, path, manifest: { name, scripts } }
}

it('adds up the reports of all packages', () => {
  const count = countTests([
    member('one', wellRun),
    member('two', { ...wellRun, numPassedTests: 4, numPendingTests: 1, numTodoTests: 1 }),
  ])
  expect(count).toEqual({ passed: 7, failed: 0, skipped: 2, problems: [] })
  expect(countLine(count)).toBe('7 passed, 0 failed, 2 skipped')
})

it('says nothing of skipped tests when there are none', () => {
  expect(countLine(countTests([member('one', wellRun)]))).toBe('3 passed, 0 failed')
})

it('counts failed tests', () => {
  const count = countTests([member('one', { ...wellRun, numFailedTests: 2, success: false })])
  expect(countLine(count)).toBe('3 passed, 2 failed')
})

it('names each failed test, with its file and the first line of its error', () => {
  const one = member('one')
  const file = (name: string) => join(one.path, 'src', name)
  const test = (fullName: string, ...failureMessages: string[]) => ({
    fullName,
    status: failureMessages.length > 0 ? 'failed' : 'passed',
    failureMessages,
  })
  const testResults = [
    {
      name: file('a.test.ts'),
      message: '',
      assertionResults: [test('a fails', 'AssertionError: 1 is not 2\n    at a.test.ts'), test('b passes')],
    },
    { name: file('b.test.ts'), message: 'SyntaxError: x\n    at b.test.ts', assertionResults: [] },
  ]
  const report = { ...wellRun, numFailedTests: 1, success: false, testResults }
  writeFileSync(join(one.path, '.reports/vitest.json'), JSON.stringify(report))
  expect(countTests([one])).toMatchObject({
    failed: 1,
    problems: [
      'packages/one/src/a.test.ts: a fails: AssertionError: 1 is not 2',
      'packages/one/src/b.test.ts: SyntaxError: x',
    ],
  })
})

it('takes a missing report for a failure', () => {
  const count = countTests([member('one', wellRun), member('two')])
  expect(count).toMatchObject({ failed: 1, problems: ['packages/two: no test report'] })
})

it('takes a broken report for a failure', () => {
  expect(countTests([member('one', '{"numPassed')]).problems).toEqual([
    'packages/one: a test report that cannot be read',
  ])
  expect(countTests([member('two', {})]).problems).toEqual(['packages/two: not a test report'])
})

it('takes a run that broke outside of its tests for a failure', () => {
  expect(countTests([member('one', { ...wellRun, success: false })]).failed).toBe(1)
})

it('fails when no test ran at all', () => {
  expect(countTests([]).failed).toBe(1)
  expect(countTests([member('one', { ...wellRun, numPassedTests: 0 })]).problems).toEqual(['no test ran'])
})

it('asks no report of a package without a test script', () => {
  expect(countTests([member('one', wellRun), member('two', undefined, {})]).failed).toBe(0)
})
