import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { partsWithoutChangeset, undeclaredUsers } from './parts-changesets.ts'
import { mustRun } from './run.ts'

const retry = (version: string): string =>
  JSON.stringify({ name: '@harbor/retry', version, devDependencies: { '@harbor/parts': 'workspace:*' } })

/** A repository with one package that bundles the parts, on main. */
async function repository() {
  const folder = mkdtempSync(join(tmpdir(), 'parts-'))
  onTestFinished(() => {
    rmSync(folder, { recursive: true })
  })
  const git = (...args: string[]) =>
    mustRun('git', ['-c', 'user.name=test', '-c', 'user.email=test@example.com', ...args], { cwd: folder })
  const write = (file: string, text: string): void => {
    mkdirSync(join(folder, dirname(file)), { recursive: true })
    writeFileSync(join(folder, file), text)
  }
  const commit = async (): Promise<void> => {
    await git('add', '.')
    await git('commit', '--quiet', '-m', 'a change')
  }
  await git('init', '--quiet', '-b', 'main')
  write('packages/parts/src/time.ts', 'export const one = 1\n')
  write('packages/parts/package.json', JSON.stringify({ name: '@harbor/parts', private: true }))
  write('packages/retry/package.json', retry('0.1.0'))
  write('.changeset/old.md', `---\n'@harbor/retry': minor\n---\n\nBefore.\n`)
  await commit()
  return { folder, git, write, commit }
}

describe('partsWithoutChangeset', () => {
  it('names a package without a changeset on the branch that changed the parts', async () => {
    const { folder, git, write, commit } = await repository()
    await git('switch', '--quiet', '-c', 'branch')
    expect(await partsWithoutChangeset(folder)).toEqual({
      missing: [],
      notCompared: 'nothing has been released yet',
    })
    write('packages/parts/src/time.ts', 'export const one = 2\n')
    await commit()
    expect(await partsWithoutChangeset(folder)).toEqual({ missing: ['@harbor/retry'] })
    write('.changeset/new.md', `---\n'@harbor/retry': patch\n---\n\nNow.\n`)
    expect(await partsWithoutChangeset(folder)).toEqual({ missing: [] })
  })

  it('ignores changes of tests, and of other packages', async () => {
    const { folder, git, write, commit } = await repository()
    await git('switch', '--quiet', '-c', 'branch')
    write('packages/parts/src/time.test.ts', '')
    write('packages/retry/src/index.ts', '')
    await commit()
    expect(await partsWithoutChangeset(folder)).toEqual({ missing: [] })
  })

  it('compares main with the last release, and accepts a version that was raised since', async () => {
    const { folder, git, write, commit } = await repository()
    await git('tag', '@harbor/retry@0.1.0')
    write('packages/parts/src/time.ts', 'export const one = 2\n')
    await commit()
    expect(await partsWithoutChangeset(folder)).toEqual({ missing: ['@harbor/retry'] })
    write('packages/retry/package.json', retry('0.1.1'))
    expect(await partsWithoutChangeset(folder)).toEqual({ missing: [] })
  })

  it('reports that it has compared nothing outside of a repository', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'parts-'))
    onTestFinished(() => {
      rmSync(folder, { recursive: true })
    })
    expect(await partsWithoutChangeset(folder)).toEqual({
      missing: [],
      notCompared: 'there is no git history',
    })
  })
})

describe('undeclaredUsers', () => {
  it('finds no published package that imports the parts without a dev dependency on them', () => {
    expect(undeclaredUsers()).toEqual([])
  })
})
