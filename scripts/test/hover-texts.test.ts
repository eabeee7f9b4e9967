import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { undocumentedOptions } from '../src/hover-texts.ts'
import { temporaryFolder } from '../src/temporary-folder.ts'
import { published, root } from '../src/workspace.ts'

it('every option of every package has a text that an editor shows', () => {
  const entries = published().flatMap(({ path, manifest: { exports = {} } }) =>
    Object.values(exports).flatMap((entry) =>
      typeof entry === 'string' ? [] : [join(path, entry['@harbor/source'] ?? '')],
    ),
  )
  expect(entries.length).toBeGreaterThan(7)
  expect(undocumentedOptions(entries, root)).toEqual([])
})

it('an option without a text is found, also where its type is made of others', () => {
  using folder = temporaryFolder('harbor-hover-')
  const file = join(folder.path, 'index.ts')
  mkdirSync(folder.path, { recursive: true })
  writeFileSync(join(folder.path, 'tsconfig.base.json'), '{ "compilerOptions": { "strict": true } }')
  writeFileSync(
    file,
    `interface Common { /** With a text. */ one: number; two: number }
     export interface MoreOptions extends Omit<Common, 'one'> { three: string }
     export interface Other { four: string }`,
  )
  expect(undocumentedOptions([file], folder.path)).toEqual(['MoreOptions.three', 'MoreOptions.two'])
})
