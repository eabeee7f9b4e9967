import { existsSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import type { Member } from './workspace.ts'

export interface TestCount {
  passed: number
  failed: number
  skipped: number
  /** What failed: each test with its file and the first line of its error; a report that is missing, unreadable or says nothing ran. */
  problems: string[]
}

/** The parts of vitest's JSON report that are counted. */
interface VitestReport {
  numPassedTests: number
  numFailedTests: number
  numPendingTests: number
  numTodoTests: number
  success: boolean
  testResults: readonly {
    name: string
    message: string
    assertionResults: readonly { fullName: string; status: string; failureMessages: readonly string[] }[]
  }[]
}

/** Adds up the reports of every package that has a test script. A report that should be there and is not is a failure. */
export function countTests(members: readonly Member[], report = '.reports/vitest.json'): TestCount {
  const total: TestCount = { passed: 0, failed: 0, skipped: 0, problems: [] }
  for (const member of members) {
    if (member.manifest.scripts?.test === undefined) continue
    const found = readReport(join(member.path, report))
    if (typeof found === 'string') {
      total.failed += 1
      total.problems.push(`${member.folder}: ${found}`)
      continue
    }
    total.passed += found.numPassedTests
    total.failed += found.numFailedTests
    total.skipped += found.numPendingTests + found.numTodoTests
    total.problems.push(...failuresIn(found, member))
    // A file that breaks before its first test fails no test: it must fail all the same.
    if (!found.success && found.numFailedTests === 0) {
      total.failed += 1
      total.problems.push(`${member.folder}: the run failed outside of a test`)
    }
  }
  if (total.passed + total.failed === 0) {
    total.failed = 1
    total.problems.push('no test ran')
  }
  return total
}

/** The one line in which a run ends: `41 passed, 0 failed`, with `, 2 skipped` when there are any. */
export function countLine({ passed, failed, skipped }: TestCount): string {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`
}

function failuresIn({ testResults }: VitestReport, { folder, path }: Member): string[] {
  return testResults.flatMap(({ name, message, assertionResults }) => {
    const file = `${folder}/${relative(path, name)}`
    const failed = assertionResults.filter(({ status }) => status === 'failed')
    const tests = failed.map(
      ({ fullName, failureMessages }) => `${file}: ${fullName}: ${firstLine(failureMessages[0])}`,
    )
    return message === '' ? tests : [...tests, `${file}: ${firstLine(message)}`]
  })
}

function firstLine(text = 'no message'): string {
  return text.trim().split('\n')[0] ?? ''
}

function readReport(file: string): VitestReport | string {
  if (!existsSync(file)) return 'no test report'
  try {
    const report = JSON.parse(readFileSync(file, 'utf8')) as Partial<VitestReport>
    const { numPassedTests, numFailedTests, success } = report
    if (numPassedTests === undefined || numFailedTests === undefined || success === undefined)
      return 'not a test report'
    const rest = { numPendingTests: 0, numTodoTests: 0, testResults: [] }
    return { ...rest, ...report, numPassedTests, numFailedTests, success }
  } catch {
    return 'a test report that cannot be read'
  }
}
