import { expect, it } from 'vitest'
import { asTestedBy, installedBeside } from './beside.ts'
import { published } from './workspace.ts'

function beside(name: string): string[] {
  const member = published().find(({ manifest }) => manifest.name === name)
  if (member === undefined) throw new Error(`There is no package ${name}`)
  return installedBeside(member)
}

it('installs nothing beside a package that needs nothing', () => {
  expect(beside('@harbor/retry')).toEqual([])
})

it('installs the peers of a package, in the versions of the workspace', () => {
  expect(beside('@harbor/core')).toEqual([asTestedBy('packages/core', 'openai')])
  expect(asTestedBy('packages/core', 'openai')).toMatch(/^openai@\d+\.\d+\.\d+$/)
})

it('installs what the first example imports, with the peers of our packages among it', () => {
  expect(beside('@harbor/otel').map((name) => name.replace(/(?<=.)@[\d.]+$/, ''))).toEqual([
    '@harbor/core',
    '@opentelemetry/api',
    'openai',
    '@opentelemetry/sdk-trace',
  ])
})
