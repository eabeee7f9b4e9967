import { existsSync, globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { run } from './run.ts'
import { published, root, type Member } from './workspace.ts'

/** The private package that is bundled into every package with it among its dev dependencies. */
const PARTS = '@harbor/parts'

/**
 * Finds the packages that would not be released although the parts bundled into them have changed: since the commit compared
 * with, neither was a changeset for them written nor their version raised.
 *
 * @param from the root of the repository
 * @returns what is missing, or why nothing could be compared
 */
export async function partsWithoutChangeset(
  from = root,
): Promise<{ missing: readonly string[]; notCompared?: string }> {
  const git = async (...args: string[]): Promise<string | undefined> => {
    const { code, output } = await run('git', args, { cwd: from })
    return code === 0 ? output.trim() : undefined
  }
  const lines = async (...args: string[]): Promise<string[]> =>
    ((await git(...args)) ?? '').split('\n').filter((line) => line !== '')

  const base = await baseCommit(git)
  if ('notCompared' in base) return { missing: [], ...base }
  const changed = await lines('diff', '--name-only', base.commit, '--', 'packages/parts/src')
  if (changed.every((file) => file.endsWith('.test.ts'))) return { missing: [] }

  const changesets = [
    ...(await lines('diff', '--name-only', '--diff-filter=AMR', base.commit, '--', '.changeset')),
    ...(await lines('ls-files', '--others', '--exclude-standard', '--', '.changeset')),
  ]
  const named = new Set(changesets.flatMap((file) => packagesOf(join(from, file))))
  const missing: string[] = []
  for (const { folder, manifest } of published(from).filter(bundlesParts)) {
    const before = await git('show', `${base.commit}:${folder}/package.json`)
    const released =
      before !== undefined && (JSON.parse(before) as { version?: string }).version !== manifest.version
    if (!released && !named.has(manifest.name)) missing.push(manifest.name)
  }
  return { missing }
}

type Git = (...args: string[]) => Promise<string | undefined>

/** On a branch, where it left main; on main, the last release. */
async function baseCommit(git: Git): Promise<{ commit: string } | { notCompared: string }> {
  const head = await git('rev-parse', 'HEAD')
  if (head === undefined) return { notCompared: 'there is no git history' }
  if ((await git('rev-parse', '--is-shallow-repository')) !== 'false')
    return { notCompared: 'the git history is not complete (a shallow clone)' }
  const fork = (await git('merge-base', 'HEAD', 'origin/main')) ?? (await git('merge-base', 'HEAD', 'main'))
  if (fork !== undefined && fork !== head) return { commit: fork }
  const release = await git('describe', '--tags', '--abbrev=0', '--match', '@harbor/*')
  return release === undefined ? { notCompared: 'nothing has been released yet' } : { commit: release }
}

const bundlesParts = ({ manifest }: Member): boolean => manifest.devDependencies?.[PARTS] !== undefined

/** The packages in the front matter of a changeset. */
function packagesOf(file: string): string[] {
  const text = /\.md$/.test(file) && existsSync(file) ? readFileSync(file, 'utf8') : ''
  const [, head = ''] = /^---\n([^]*?)\n---/.exec(text) ?? []
  return [...head.matchAll(/^['"]?(@harbor\/[\w-]+)['"]?\s*:/gm)].map(([, name = '']) => name)
}

/** Packages that import the parts without naming them as a dev dependency: they would not be checked. */
export function undeclaredUsers(from = root): string[] {
  return published(from)
    .filter((member) => !bundlesParts(member) && importsParts(member.path))
    .map(({ manifest }) => manifest.name)
}

function importsParts(folder: string): boolean {
  return globSync('src/**/*.ts', { cwd: folder }).some((file) =>
    readFileSync(join(folder, file), 'utf8').includes(`'${PARTS}'`),
  )
}
