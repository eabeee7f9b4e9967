import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'

/** Private and undocumented names of the `openai` package. */
const NAMES =
  /\b(?:makeRequest|parseResponse|parseResponseWithTimeout|responsePromise|_thenUnwrap|__streamClass|__binaryResponse|__security|__metadata|prepareRequest|prepareOptions|buildRequest|buildHeaders|authHeaders|bearerAuth|adminAPIKeyAuth|fetchWithTimeout|requestLogID|retryOfRequestLogID|_options|_provider|_workloadIdentityAuth)\b/g

const CONTRACT = 'openai-sdk/contract.ts'
const src = join(import.meta.dirname, '../src')

function namesIn(file: string): string[] {
  const text = readFileSync(join(src, file), 'utf8')
  return [...new Set(text.match(NAMES))]
}

it('private names of the SDK are in openai-sdk/contract.ts, and in no other file', () => {
  const files = globSync('**/*.ts', { cwd: src })
    .map((file) => file.replaceAll('\\', '/'))
    .filter((file) => !file.endsWith('.test.ts'))
  expect(files).toContain(CONTRACT)
  expect(namesIn(CONTRACT).length).toBeGreaterThan(10)
  const others = files.filter((file) => file !== CONTRACT)
  expect(others.flatMap((file) => namesIn(file).map((name) => `${file}: ${name}`))).toEqual([])
})
