/**
 * `pnpm release:dry` rehearses a release from end to end, in a copy of the tree and towards a registry of its own:
 * publishes every package, installs each as its users would, tries the first example of its README, type-checks these examples with each
 * TypeScript that is promised, and then releases one changed package again to see that nothing else moves. It leaves nothing behind.
 */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { installedBeside } from './src/beside.ts'
import { caretAdmits } from './src/caret.ts'
import { COMPILERS, Consumer } from './src/consumer.ts'
import { pnpm } from './src/pnpm.ts'
import { startRegistry } from './src/registry.ts'
import { addChangeset, nameOf, registryEnv, rehearsalEnv, release } from './src/release.ts'
import { mustRun } from './src/run.ts'
import { copySources } from './src/source-copy.ts'
import { stopSignal } from './src/stop-signal.ts'
import { tarballProblems } from './src/tarball.ts'
import { temporaryFolder } from './src/temporary-folder.ts'
import { published, readManifest, root } from './src/workspace.ts'

const leaf = '@harbor/retry'
const dependent = '@harbor/core'
using stop = stopSignal()
const { signal } = stop

async function rehearse(): Promise<void> {
  using folder = temporaryFolder('harbor-release-')
  const workspace = join(folder.path, 'workspace')
  mkdirSync(workspace)
  const uplink = (await mustRun('npm', ['config', 'get', 'registry'], { cwd: root, signal }))
    .trim()
    .split('\n')
    .at(-1)
  await using registry = await startRegistry(folder.path, uplink ?? '')

  await timed('a copy of the tree, installed', async () => {
    await copySources(workspace, signal)
    const [command, args] = pnpm(['install', '--frozen-lockfile', '--prefer-offline'])
    await mustRun(command, args, { cwd: workspace, signal, env: rehearsalEnv(folder.path) })
  })

  const env = registryEnv(folder.path, registry)
  const first = await timed('versions, build, publish', () => release({ workspace, registry, env, signal }))
  console.log(`  ${first.join(', ')}`)
  const all = published()
  const names = all.map(({ manifest }) => manifest.name)
  const unpublished = names.filter((name) => !first.map(nameOf).includes(name))
  if (unpublished.length > 0) throw new Error(`not published: ${unpublished.join(', ')}`)

  const install = (users: string, ...packages: string[]) =>
    Consumer.install({ folder: join(folder.path, users), install: packages, env, signal })
  for (const member of all) {
    const { name } = member.manifest
    const packages = [name, ...installedBeside(member)]
    const tried = await timed(`npm install ${packages.join(' ')}`, async () => {
      const consumer = await install(`users/${name}`, ...packages)
      const problems = tarballProblems(consumer.folderOf(name))
      if (problems.length > 0) throw new Error(`${name}: ${problems.join('; ')}`)
      await consumer.load(name)
      return consumer.tryFirstExample(name)
    })
    console.log(
      tried
        ? '  its first example runs: TypeScript, import, require'
        : '  loads by import and require. Its README has no example in TypeScript',
    )
  }
  await timed(`all first examples, with ${COMPILERS.join(', ')}`, async () => {
    const packages = new Set([...names, ...all.flatMap((member) => installedBeside(member))])
    const consumer = await install('all', ...packages)
    await consumer.checkFirstExamples(names, COMPILERS)
  })

  addChangeset(workspace, leaf, 'patch')
  const second = await timed(`a patch of ${leaf}`, () => release({ workspace, registry, env, signal }))
  console.log(`  ${second.join(', ')}`)
  const [from, to] = [versionOf(leaf, first), versionOf(leaf, second)]
  const expected = caretAdmits(from, to) ? [leaf] : [leaf, ...dependentsOf(leaf)]
  if (second.map(nameOf).sort().join() !== expected.sort().join()) {
    throw new Error(`of this patch only ${expected.join(', ')} should have moved`)
  }
  await timed(`the patch reaches who installs ${dependent}`, async () => {
    const consumer = await install('later-users', dependent)
    const { version } = readManifest(join(consumer.folderOf(leaf), 'package.json'))
    if (version !== to) throw new Error(`${dependent} came with ${leaf} ${version ?? ''} instead of ${to}`)
  })
}

function versionOf(name: string, released: readonly string[]): string {
  const found = released.find((version) => nameOf(version) === name)
  if (found === undefined) throw new Error(`${name} was not released`)
  return found.slice(name.length + 1)
}

function dependentsOf(name: string): string[] {
  return published()
    .filter(({ manifest }) => name in (manifest.dependencies ?? {}))
    .map(({ manifest }) => manifest.name)
}

async function timed<T>(name: string, work: () => Promise<T>): Promise<T> {
  signal.throwIfAborted()
  const startedAt = performance.now()
  const result = await work()
  console.log(`✓ ${name} (${((performance.now() - startedAt) / 1000).toFixed(1)} s)`)
  return result
}

try {
  await rehearse()
  console.log('The release would go well.')
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode ||= 1
}
