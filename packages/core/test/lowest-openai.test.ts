import { readFileSync } from 'node:fs'
import { OpenAI } from 'openai'
import { VERSION } from 'openai/version'
import { describe, expect, it } from 'vitest'
import { Harbor, RateLimitError } from '../src/index.ts'
import { SDKS } from './helpers/sdk-versions.ts'

interface Manifest {
  readonly peerDependencies: { readonly openai: string }
}

const manifest = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as Manifest
const [lowest] = SDKS

// `vitest.config.ts` runs this file, and those beside it in the list there, with `openai` standing for `openai-lowest`.
describe('the tests of this project', () => {
  it('run on the lowest version of the peer range', () => {
    expect(manifest.peerDependencies.openai).toBe(`>=${VERSION} <8`)
    expect(VERSION).toBe(lowest?.version)
  })

  it('run on a Harbor that extends that version', () => {
    expect(Object.getPrototypeOf(Harbor)).toBe(lowest?.sdk.OpenAI)
    expect(OpenAI).toBe(lowest?.sdk.OpenAI)
    expect(RateLimitError).toBe(lowest?.sdk.RateLimitError)
  })
})
